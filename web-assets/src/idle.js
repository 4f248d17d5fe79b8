// The session's idle clock, as the person meets it.
//
// The server alone decides: GET /sessao tells how long is left without prolonging it, and
// POST /sessao/ativa prolongs it, sent at most once a minute while the person really does
// something. Two minutes before the end a dialog asks. After it, everything on the page is hidden
// behind the lock, also from screen readers and from print, but stays in the page's memory: an
// unsent text is there again after unlocking. It is never written to the browser's storage.
import { json, ServerError } from "./http.js";
import { ceremony, explain, supported } from "./passkey.js";
import { discard } from "./composer.js";

const PING_EVERY = 60_000;
const LOOK_EVERY = 60_000;
const LOOK_WHEN_LOCKED = 5_000;
const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "input"];

/** @typedef {{state: "active"|"locked"|"gone", remaining_seconds?: number, warn_seconds?: number, name?: string, totp?: boolean, passkey?: boolean}} Clock */

const root = () => document.getElementById("conteudo-protegido");
const element = (id) => document.getElementById(id);

let deadline = Infinity;
let warnAt = Infinity;
let timer = 0;
let lastPing = Date.now();
let state = "active";
let title = "";
/** @type {Element | null} */
let focused = null;
let selection = null;
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("sigilo-sessao") : null;

/** @param {string | null} id @param {boolean} open */
function setDialog(id, open) {
  const dialog = element(id);
  if (!(dialog instanceof HTMLDialogElement) || dialog.open === open) return;
  if (open) dialog.showModal();
  else dialog.close();
}

function hideContent() {
  const content = root();
  if (!content || content.hidden) return;
  focused = document.activeElement;
  selection = focused instanceof HTMLTextAreaElement ? [focused.selectionStart, focused.selectionEnd] : null;
  for (const dialog of content.querySelectorAll("dialog[open]")) {
    if (dialog instanceof HTMLDialogElement) dialog.close();
  }
  title = document.title;
  document.title = "Sessão bloqueada · Sigilo";
  content.hidden = true;
}

function showContent() {
  const content = root();
  if (!content || !content.hidden) return;
  content.hidden = false;
  if (title) document.title = title;
  if (focused instanceof HTMLElement && focused.isConnected) {
    focused.focus();
    if (selection && focused instanceof HTMLTextAreaElement) focused.setSelectionRange(selection[0], selection[1]);
  }
}

/** @param {Clock} [clock] */
function lock(clock) {
  const first = state !== "locked";
  state = "locked";
  setDialog("aviso-sessao", false);
  hideContent();
  setDialog("bloqueio", true);
  if (clock) {
    const name = element("bloqueio-nome");
    if (name && clock.name) name.textContent = clock.name;
    const key = element("desbloquear-chave");
    const code = element("desbloquear-codigo");
    if (key) key.hidden = !clock.passkey || !supported();
    if (code) code.hidden = !clock.totp;
    if (!clock.totp && !clock.passkey) say("Esta conta entra só por link. Para continuar, use um link novo.");
  }
  if (first) {
    const start = [...document.querySelectorAll("#bloqueio form")].find((form) => form instanceof HTMLElement && !form.hidden);
    const field = start?.querySelector("input, button");
    if (field instanceof HTMLElement) field.focus();
  }
  plan(LOOK_WHEN_LOCKED);
}

function unlocked() {
  state = "active";
  const code = element("bloqueio-codigo");
  if (code instanceof HTMLInputElement) code.value = "";
  say("");
  setDialog("bloqueio", false);
  if (document.body.dataset.lockPage !== undefined) {
    location.reload();
    return;
  }
  showContent();
}

function gone() {
  state = "gone";
  clearTimeout(timer);
  setDialog("aviso-sessao", false);
  setDialog("bloqueio", false);
  hideContent();
  document.title = "Sessão encerrada · Sigilo";
  setDialog("sessao-encerrada", true);
}

/** @param {number} milliseconds */
function plan(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(250, milliseconds));
}

/** @param {Clock | null} clock */
function take(clock) {
  if (!clock || clock.state === "gone") return gone();
  if (clock.state === "locked") return lock(clock);
  const now = Date.now();
  deadline = now + (clock.remaining_seconds ?? 0) * 1000;
  warnAt = deadline - (clock.warn_seconds ?? 120) * 1000;
  if (state === "locked") unlocked();
  state = "active";
  tick();
}

/** Shows or hides the warning and plans the next look. */
function tick() {
  const now = Date.now();
  if (now < warnAt) {
    setDialog("aviso-sessao", false);
    plan(Math.min(LOOK_EVERY, warnAt - now));
    return;
  }
  setDialog("aviso-sessao", true);
  count();
  plan(Math.min(10_000, deadline - now + 500));
}

function count() {
  const left = Math.max(0, Math.round((deadline - Date.now()) / 1000));
  const place = element("aviso-sessao-tempo");
  if (place) place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (element("aviso-sessao")?.hasAttribute("open") && left > 0) setTimeout(count, 1000);
}

async function look() {
  try {
    take(await json("/sessao"));
  } catch (error) {
    if (error instanceof ServerError && error.status === 401) return error.locked ? lock() : gone();
    // Without an answer the page must not stay open past its time.
    if (Date.now() >= deadline) lock();
    else plan(10_000);
  }
}

async function stay() {
  lastPing = Date.now();
  try {
    take(await json("/sessao/ativa", {}));
  } catch (error) {
    if (error instanceof ServerError && error.status === 401) return error.locked ? lock() : gone();
    plan(5_000);
  }
}

/** @param {string} text */
function say(text) {
  const place = element("bloqueio-mensagem");
  if (place) place.textContent = text;
}

function wireLock() {
  const dialog = element("bloqueio");
  dialog?.addEventListener("cancel", (event) => event.preventDefault());
  // Some browsers close on a second Escape all the same.
  dialog?.addEventListener("close", () => {
    if (state === "locked") setDialog("bloqueio", true);
  });
  const ended = element("sessao-encerrada");
  ended?.addEventListener("cancel", (event) => event.preventDefault());
  ended?.addEventListener("close", () => {
    if (state === "gone") setDialog("sessao-encerrada", true);
  });
  ended?.querySelector("a")?.addEventListener("click", discard);

  element("desbloquear-chave")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("Confirme no seu dispositivo.");
    try {
      await ceremony("get", "/sessao/desbloquear/chave/opcoes", "/sessao/desbloquear/chave");
      channel?.postMessage("look");
      await stay();
    } catch (error) {
      say(explain(error, "get"));
    }
  });
  element("desbloquear-codigo")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = element("bloqueio-codigo");
    if (!(field instanceof HTMLInputElement)) return;
    say("Verificando…");
    try {
      await json("/sessao/desbloquear/codigo", { code: field.value });
      channel?.postMessage("look");
      await stay();
    } catch (error) {
      say(error instanceof ServerError ? error.message : "Não foi possível desbloquear.");
      field.select();
    }
  });
  // Another person signs in here: what was not sent goes away with the page.
  for (const form of document.querySelectorAll("form[data-leave]")) {
    form.addEventListener("submit", () => {
      discard();
      channel?.postMessage("look");
    });
  }
}

export function start() {
  if (document.body.dataset.session === undefined) return;
  wireLock();
  element("aviso-sessao")?.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  element("aviso-sessao-continuar")?.addEventListener("click", stay);

  const active = (event) => {
    if (!event.isTrusted || state !== "active" || Date.now() >= warnAt) return;
    if (Date.now() - lastPing >= PING_EVERY) stay();
  };
  for (const name of ACTIVITY) document.addEventListener(name, active, { passive: true, capture: true });

  // Timers sleep in hidden tabs and on closed laptops: look again on waking.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || state === "gone") return;
    if (state === "active" && Date.now() >= deadline) lock();
    look();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  channel?.addEventListener("message", () => state !== "gone" && look());
  document.addEventListener("sigilo:locked", () => state === "active" && look());
  // An answer to any other request may be the first to tell of the lock.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (ctx.response.headers.get("X-Sigilo-Sessao") !== "bloqueada") return;
    event.preventDefault();
    lock();
    look();
  });
  look();
}
