// The agenda of wide screens: a calendar in the place of the day's list, which stays for small screens, for print and for
// whoever prefers it. The server alone decides whether a time can be had; a move that it refuses goes back to where it was.
import { DayGrid, Interaction, ResourceTimeGrid, ResourceTimeline, TimeGrid, createCalendar } from "@event-calendar/core";
import { json } from "./http.js";
import { notify } from "./toast.js";

const WIDE = matchMedia("(min-width: 760px)");
const KEPT = "sigilo-agenda-visao";
const VIEWS = { dia: "resourceTimeGridDay", semana: "timeGridWeek", salas: "resourceTimelineDay" };
const NO_ROOM = "sem-sala";
/** A page that nobody touched for this long asks for nothing by itself: it must be able to lock. */
const STILL_HERE = 5 * 60_000;

const stage = document.getElementById("agenda");
const list = () => document.getElementById("agenda-lista");
const card = document.getElementById("agenda-cartao");
const filter = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-agenda-filter]"));
const title = document.getElementById("agenda-titulo");

const long = new Intl.DateTimeFormat("pt-BR", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "short" });

/** Hours without a zone are the clinic's own; here they only have to be equally far apart. */
const pad = (number) => String(number).padStart(2, "0");
const dayOf = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
const wall = (date) => `${dayOf(date)}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
const dateOf = (day) => new Date(`${day}T00:00`);
const minutes = (event) => Math.round((event.end - event.start) / 60_000);

if (stage instanceof HTMLElement && filter && card) start(stage, filter, card);

/** @param {HTMLElement} stage @param {HTMLFormElement} filter @param {HTMLElement} card */
function start(stage, filter, card) {
  let day = stage.dataset.day ?? dayOf(new Date());
  let chosen = localStorage.getItem(KEPT) ?? "dia";
  if (!(chosen in VIEWS) && chosen !== "lista") chosen = "dia";
  /** @type {any} */
  let calendar = null;
  /** @type {any} */
  let data = { entries: [], professionals: [], rooms: [], hours: [], now: "" };
  let touched = Date.now();
  let stale = false;
  /** Something is held by the pointer: drawing anew would take it out of the hand. */
  let held = false;
  /** @type {string | null} */
  let shown = null;

  const professional = () => filter.elements.namedItem("profissional");
  const who = () => /** @type {HTMLSelectElement} */ (professional()).value;
  const isCalendar = () => WIDE.matches && chosen !== "lista";

  function address() {
    const query = new URLSearchParams({ dia: day });
    if (who()) query.set("profissional", who());
    return `/agenda?${query}`;
  }

  async function load(first, days) {
    const query = new URLSearchParams({ dia: first, dias: String(days) });
    if (who()) query.set("profissional", who());
    data = await json(`/agenda/dados?${query}`);
    return data;
  }

  // The calendar -----------------------------------------------------------------------------

  /** Columns or lines: who attends, or where. */
  function resources() {
    if (chosen === "salas") {
      return [...data.rooms.map(({ id, name }) => ({ id, title: name })), { id: NO_ROOM, title: "Sem sala" }];
    }
    const people = data.professionals.filter(({ id }) => !who() || id === who());
    return people.map(({ id, name }) => ({ id, title: name }));
  }

  function events() {
    const rooms = chosen === "salas";
    const taken = data.entries.map((entry) => ({
      id: entry.id,
      start: entry.starts,
      end: entry.ends,
      resourceIds: [rooms ? entry.room ?? NO_ROOM : entry.professional],
      editable: entry.may_move,
      classNames: ["agenda-event", `agenda-is-${entry.status.replace("_", "-")}`],
      extendedProps: entry,
    }));
    // Hours in which nobody is attended stay grey: the open ones are drawn over it.
    const open = rooms ? [] : data.hours.filter(({ professional }) => !who() || professional === who());
    const wanted = chosen === "semana" && !who() ? [] : open;
    return [
      ...taken,
      ...wanted.map((hours, at) => ({
        id: `aberto-${at}`,
        start: hours.starts,
        end: hours.ends,
        resourceIds: [hours.professional],
        display: "background",
        classNames: ["agenda-open"],
      })),
    ];
  }

  /** The earliest and the latest hour that somebody works or is attended at, an hour around them. */
  function span() {
    let [from, to] = [8 * 60, 18 * 60];
    const at = (text) => Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));
    for (const { starts, ends } of [...data.hours, ...data.entries]) {
      from = Math.min(from, at(starts));
      to = Math.max(to, ends.slice(0, 10) > starts.slice(0, 10) ? 24 * 60 : at(ends));
    }
    const floor = Math.max(0, Math.floor(from / 60) - 1);
    const ceiling = Math.min(24, Math.ceil(to / 60) + 1);
    return [`${pad(floor)}:00`, `${pad(ceiling)}:00`];
  }

  function content({ event }) {
    const entry = event.extendedProps;
    if (!entry.status) return undefined;
    const line = (name, text) => {
      const element = document.createElement("span");
      element.className = name;
      element.textContent = text;
      return element;
    };
    const marks = [entry.status_label];
    if (entry.is_exception) marks.push("encaixe");
    if (entry.by_telemedicine) marks.push("telemedicina");
    if (entry.no_show_risk >= 60) marks.push(`risco de falta ${entry.no_show_risk}%`);
    const where = chosen === "salas" ? nameOf(entry.professional) : entry.room_name;
    const head = document.createElement("span");
    head.className = "agenda-event-line";
    head.append(
      line("agenda-event-time tabular", entry.starts.slice(11)),
      " ",
      line("agenda-event-who", entry.patient ?? "Paciente eliminado"),
    );
    const what = document.createElement("span");
    what.className = "agenda-event-line";
    what.append(line("agenda-event-mark", marks.join(" · ")), ` · ${[entry.service, where].filter(Boolean).join(" · ")}`);
    return { domNodes: [head, what] };
  }

  const nameOf = (id) => data.professionals.find((one) => one.id === id)?.name ?? "";

  /** The library gives containers the roles of tables whose cells they have not. */
  function tidy() {
    for (const element of stage.querySelectorAll("[role=table], [role=rowgroup], [role=row], [role=columnheader], [role=rowheader], [role=cell], [role=gridcell]")) {
      element.removeAttribute("role");
    }
    for (const element of stage.querySelectorAll("[aria-colindex], [aria-colspan], [aria-rowindex], [aria-colcount], [aria-rowcount]")) {
      for (const name of ["aria-colindex", "aria-colspan", "aria-rowindex", "aria-colcount", "aria-rowcount"]) element.removeAttribute(name);
    }
    for (const element of stage.querySelectorAll(".ec-body, .ec-main")) {
      if (element instanceof HTMLElement && element.scrollHeight > element.clientHeight) element.tabIndex = 0;
    }
  }

  /** Whether the calendar shows something else: drawing the same again would only take the focus away. */
  let drawn = "";
  function isNew() {
    const { now, ...rest } = data;
    const wanted = JSON.stringify([chosen, day, who(), rest]);
    const is = wanted !== drawn;
    drawn = wanted;
    return is;
  }

  function draw() {
    const [slotMinTime, slotMaxTime] = span();
    const now = new Date();
    const options = {
      view: VIEWS[chosen],
      date: dateOf(day),
      locale: "pt-BR",
      firstDay: 1,
      allDaySlot: false,
      headerToolbar: { start: "", center: "", end: "" },
      buttonText: { prev: "Anterior", next: "Próximo", close: "Fechar" },
      height: "100%",
      slotDuration: "00:30",
      snapDuration: "00:05",
      slotHeight: 36,
      slotWidth: 76,
      slotMinTime,
      slotMaxTime,
      scrollTime: slotMinTime,
      slotLabelFormat: { hour: "2-digit", minute: "2-digit" },
      eventTimeFormat: { hour: "2-digit", minute: "2-digit" },
      dayHeaderFormat: { weekday: "short", day: "2-digit", month: "2-digit" },
      // Only where the browser's clock is the clinic's.
      nowIndicator: Math.abs(new Date(data.now) - now) < 5 * 60_000,
      eventDurationEditable: true,
      eventStartEditable: true,
      editable: true,
      pointer: false,
      resources: resources(),
      events: events(),
      eventContent: content,
      eventClick: ({ event }) => event.extendedProps.status && open(event.id),
      eventDragStart: () => { held = true; },
      eventResizeStart: () => { held = true; },
      eventDragStop: letGo,
      eventResizeStop: letGo,
      eventDrop: moved,
      eventResize: moved,
      dateClick: ({ date, resource }) => {
        const query = new URLSearchParams({ dia: dayOf(date), hora: wall(date).slice(11) });
        if (resource && chosen === "salas" && resource.id !== NO_ROOM) query.set("sala", resource.id);
        if (chosen === "dia" && resource) query.set("profissional", resource.id);
        else if (who()) query.set("profissional", who());
        location.assign(`/agenda/novo?${query}`);
      },
      viewDidMount: tidy,
      datesSet: () => setTimeout(tidy),
      eventAllUpdated: tidy,
    };
    if (calendar) for (const [name, value] of Object.entries(options)) calendar.setOption(name, value);
    else calendar = createCalendar(stage, [DayGrid, TimeGrid, ResourceTimeGrid, ResourceTimeline, Interaction], options);
  }

  function letGo() {
    held = false;
    if (stale) refresh();
  }

  /** A drop, or another length. */
  async function moved(info) {
    const { event, oldEvent, newResource, revert } = info;
    const entry = event.extendedProps;
    const target = newResource?.id;
    if (chosen === "salas" && target === NO_ROOM) {
      revert();
      notify("Para deixar um agendamento sem sala, remarque-o.", "bad");
      return;
    }
    const wanted = {
      version: entry.version,
      starts: wall(event.start),
      minutes: minutes(event),
      professional: chosen === "dia" && target ? target : entry.professional,
      room: chosen === "salas" && target ? target : null,
    };
    if (wall(oldEvent.start) === wanted.starts && minutes(oldEvent) === wanted.minutes && !target) return;
    await move(entry, wanted, revert);
  }

  async function move(entry, wanted, revert) {
    const response = await fetch(`/agenda/${entry.id}/mover`, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify(wanted),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (response?.ok) {
      const at = wanted.starts.slice(11);
      undoable(`${entry.patient ?? "O paciente"} ficou às ${at}.`, () => {
        const back = { ...answer.before, version: answer.version, anyway: true };
        return move(entry, back, () => {});
      });
      await refresh();
      return;
    }
    revert();
    drawn = "";
    if (answer?.conflicts) refuse(answer, () => move(entry, { ...wanted, anyway: true }, () => {}));
    else notify(answer?.detail ?? "Sem resposta do servidor. Nada mudou.", "bad");
    if (response?.headers.get("X-Sigilo-Sessao") === "bloqueada") document.dispatchEvent(new CustomEvent("sigilo:locked"));
    if (response?.status === 409 && !answer?.conflicts) await refresh();
  }

  function undoable(text, undo) {
    const place = document.getElementById("avisos");
    if (!place) return;
    const toast = document.createElement("div");
    toast.className = "toast-note toast-note-ok";
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-secondary";
    button.dataset.undo = "";
    button.textContent = "Desfazer";
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
    toast.append(sentence, button);
    place.append(toast);
  }

  function refuse(answer, insist) {
    const dialog = document.getElementById("agenda-recusa");
    if (!(dialog instanceof HTMLDialogElement)) return;
    const reasons = dialog.querySelector("[data-conflicts]");
    reasons?.replaceChildren(...answer.conflicts.map((text) => {
      const line = document.createElement("li");
      line.textContent = text;
      return line;
    }));
    const free = dialog.querySelector("[data-free]");
    if (free) free.textContent = answer.free.length ? `Livres: ${answer.free.map((one) => one.label).join(", ")}.` : "";
    const button = dialog.querySelector("[data-insist]");
    if (button instanceof HTMLButtonElement) {
      button.hidden = !answer.may_insist;
      button.onclick = () => {
        dialog.close();
        insist();
      };
    }
    dialog.showModal();
  }

  // The list ---------------------------------------------------------------------------------

  async function relist() {
    const response = await fetch(address(), { credentials: "same-origin", cache: "no-store", redirect: "error" }).catch(() => null);
    if (!response?.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("agenda-lista");
    if (fresh) list()?.replaceWith(fresh);
    arrange();
  }

  // Both -------------------------------------------------------------------------------------

  function arrange() {
    stage.hidden = !isCalendar();
    stage.dataset.shows = chosen;
    const lines = list();
    if (lines) lines.hidden = isCalendar();
    document.querySelector(".main-agenda")?.classList.toggle("agenda-wide", isCalendar());
    for (const button of document.querySelectorAll("[data-view]")) {
      if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.view === chosen));
    }
    if (title) title.textContent = heading();
    coming();
  }

  function heading() {
    const date = dateOf(day);
    if (!isCalendar() || chosen !== "semana") return long.format(date);
    const monday = new Date(date);
    monday.setDate(date.getDate() - ((date.getDay() + 6) % 7));
    const sunday = new Date(monday);
    sunday.setDate(monday.getDate() + 6);
    return `${short.format(monday)} a ${short.format(sunday)} ${sunday.getFullYear()}`;
  }

  /** One reading at a time; what changes meanwhile is read after it. */
  let reading = null;
  async function refresh() {
    if (reading) {
      stale = true;
      return reading;
    }
    reading = read();
    await reading;
    reading = null;
    if (stale && !held) await refresh();
  }

  async function read() {
    stale = false;
    try {
      if (isCalendar()) {
        let first = dateOf(day);
        let days = 1;
        if (chosen === "semana") {
          first.setDate(first.getDate() - ((first.getDay() + 6) % 7));
          days = 7;
        }
        await load(dayOf(first), days);
        arrange();
        if (held) stale = true;
        else if (isNew()) draw();
      } else {
        await relist();
      }
      if (shown && !card.contains(document.activeElement)) await open(shown, true);
    } catch (error) {
      notify(error instanceof Error ? error.message : "A agenda não pôde ser lida.", "bad");
    }
  }

  /** Who comes next today, to be ticked off with one click. */
  function coming() {
    if (shown) return;
    const today = data.now.slice(0, 10);
    const next = data.entries.filter((entry) => entry.may_arrive && entry.starts.slice(0, 10) === today).slice(0, 8);
    card.hidden = !isCalendar() || next.length === 0;
    if (card.hidden) return;
    const head = document.createElement("h2");
    head.textContent = "A chegar hoje";
    const lines = document.createElement("ul");
    lines.className = "agenda-coming";
    for (const entry of next) {
      const line = document.createElement("li");
      const text = document.createElement("span");
      text.className = "tabular";
      text.textContent = `${entry.starts.slice(11)} ${entry.patient ?? "Paciente eliminado"}`;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-secondary";
      button.textContent = "Chegou";
      button.setAttribute("aria-label", `${entry.patient ?? "Paciente"} chegou`);
      button.addEventListener("click", async () => {
        button.disabled = true;
        const body = new URLSearchParams({ situacao: "arrived", versao: entry.version });
        const done = await post(`/agenda/${entry.id}/situacao`, body);
        if (!done) button.disabled = false;
        else await refresh();
      });
      line.append(text, button);
      lines.append(line);
    }
    card.replaceChildren(head, lines);
  }

  async function post(url, body) {
    const response = await fetch(url, {
      method: "POST", body, credentials: "same-origin", cache: "no-store", redirect: "error", headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (!response) notify("Sem resposta do servidor. Verifique sua conexão e tente de novo.", "bad");
    return response && [200, 409, 422].includes(response.status) ? response.text() : null;
  }

  // The card ---------------------------------------------------------------------------------

  async function open(id, quietly = false) {
    const response = await fetch(`/agenda/${id}`, {
      credentials: "same-origin", cache: "no-store", redirect: "error", headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (!response?.ok) {
      if (!quietly) notify("O agendamento não pôde ser aberto.", "bad");
      return;
    }
    shown = id;
    card.innerHTML = await response.text();
    card.hidden = false;
    if (!quietly) card.querySelector("button, a")?.focus();
  }

  function close() {
    const was = shown;
    shown = null;
    card.replaceChildren();
    coming();
    if (was) stage.querySelector(".agenda-event")?.focus?.();
  }

  card.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !shown) return;
    event.preventDefault();
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form, event.submitter)) body.append(name, String(value));
    const answer = await post(form.action, body);
    if (answer === null) return;
    card.innerHTML = answer;
    card.querySelector("button.btn, a")?.focus();
    await refresh();
  });
  card.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-agenda-close]")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown && !document.querySelector("dialog[open]")) close();
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("[data-appointment]");
    if (!(link instanceof HTMLElement) || !WIDE.matches || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(link.dataset.appointment ?? "");
  });

  // The bar ----------------------------------------------------------------------------------

  function go(to) {
    day = to;
    const field = filter.elements.namedItem("dia");
    if (field instanceof HTMLInputElement) field.value = day;
    history.replaceState(null, "", address());
    refresh();
  }

  for (const step of document.querySelectorAll("[data-agenda-step]")) {
    step.addEventListener("click", (event) => {
      event.preventDefault();
      const date = dateOf(day);
      date.setDate(date.getDate() + Number(/** @type {HTMLElement} */ (step).dataset.agendaStep) * (isCalendar() && chosen === "semana" ? 7 : 1));
      go(dayOf(date));
    });
  }
  document.querySelector("[data-agenda-today]")?.addEventListener("click", (event) => {
    event.preventDefault();
    go(data.now ? data.now.slice(0, 10) : stage.dataset.today ?? dayOf(new Date()));
  });
  filter.addEventListener("change", () => {
    const field = filter.elements.namedItem("dia");
    if (field instanceof HTMLInputElement && field.value) go(field.value);
  });
  filter.addEventListener("submit", (event) => event.preventDefault());
  const submit = filter.querySelector("[data-agenda-go]");
  if (submit instanceof HTMLElement) submit.hidden = true;
  document.querySelector("[data-agenda-new]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const query = new URLSearchParams({ dia: day });
    if (who()) query.set("profissional", who());
    location.assign(`/agenda/novo?${query}`);
  });
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      chosen = /** @type {HTMLElement} */ (button).dataset.view ?? "dia";
      localStorage.setItem(KEPT, chosen);
      refresh();
    });
  }
  document.querySelector("[data-agenda-print]")?.addEventListener("click", async () => {
    await relist();
    window.print();
  });
  const views = document.querySelector("[data-agenda-views]");
  const fit = () => {
    if (views instanceof HTMLElement) views.hidden = !WIDE.matches;
    refresh();
  };
  WIDE.addEventListener("change", fit);

  // What others change -----------------------------------------------------------------------

  const heard = () => {
    if (!held && document.visibilityState === "visible" && Date.now() - touched < STILL_HERE) refresh();
    else stale = true;
  };
  for (const kind of ["pointerdown", "pointermove", "keydown"]) {
    document.addEventListener(kind, () => {
      touched = Date.now();
      if (stale && !held) refresh();
    }, { passive: true });
  }
  /** @type {EventSource | null} */
  let source = null;
  const listen = () => {
    source?.close();
    source = new EventSource("/agenda/mudancas");
    source.addEventListener("mudou", heard);
  };
  listen();
  // A connection that was refused while the session was locked does not come back by itself.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && source?.readyState === EventSource.CLOSED) {
      listen();
      heard();
    }
  });
  window.addEventListener("pagehide", () => source?.close());

  fit();
}
