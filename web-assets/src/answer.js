// Answers: shown while they are written, stopped, followed to their end, and the disclaimer confirmed once it was seen.
// The model's words come as text and stay text; markup comes from the server's own templates only.
import htmx from "htmx.org";
import { json } from "./http.js";

/** Closer to the end than this, a reader follows the text. */
const NEAR = 96;

const distance = () => document.documentElement.scrollHeight - innerHeight - scrollY;
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {ScrollBehavior} [behavior] */
function toEnd(behavior = "instant") {
  scrollTo({ top: document.documentElement.scrollHeight, behavior });
}

/** @param {string} html made by the server @returns {DocumentFragment} */
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Puts markup in an element's place and lets htmx see it. @param {Element} old @param {string} html */
function replace(old, html) {
  const content = parsed(html);
  const elements = [...content.children];
  old.replaceWith(content);
  for (const element of elements) htmx.process(element);
}

/** @param {string} text */
function announce(text) {
  const status = document.getElementById("anuncio");
  if (status) status.textContent = text;
}

/** One answer that is being written. */
class Stream {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.section = section;
    this.blank = /** @type {HTMLElement} */ (section.cloneNode(true));
    this.opened = false;
    this.source = new EventSource(section.dataset.stream ?? "");
    this.source.addEventListener("open", () => this.open());
    this.source.addEventListener("message", (event) => this.take(JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      if (this.source.readyState === EventSource.CLOSED) this.lost();
    });
  }

  /** A connection that is made again tells everything again. */
  open() {
    if (this.opened) {
      const fresh = /** @type {HTMLElement} */ (this.blank.cloneNode(true));
      this.section.replaceChildren(...fresh.childNodes);
      htmx.process(this.section);
      watchDisclaimers(this.section);
    }
    this.opened = true;
  }

  /** @param {string} name @returns {Element | null} */
  part(name) {
    this.section.querySelector(`[data-section="${name}"]`)?.removeAttribute("hidden");
    return this.section.querySelector(`[data-part="${name}"]`);
  }

  /** @param {{kind: string, to?: string, id?: string, text?: string, html?: string}} said */
  take(said) {
    const following = distance() < NEAR;
    const { to = "", id = "", text = "", html = "" } = said;
    if (said.kind === "text") this.part(to)?.append(text);
    else if (said.kind === "add") this.part(to)?.append(parsed(html));
    else if (said.kind === "phase") this.phase(text);
    else if (said.kind === "swap") {
      const old = this.section.querySelector(`#${CSS.escape(id)}`);
      if (old) replace(old, html);
    } else if (said.kind === "end") {
      this.source.close();
      replace(this.section, html);
      announce(text);
      watchDisclaimers(document);
    }
    if (following) toEnd();
    showToEnd();
  }

  /** @param {string} text */
  phase(text) {
    const place = this.section.querySelector("[data-phase]");
    if (place && place.textContent !== text) place.textContent = text;
  }

  lost() {
    this.section.removeAttribute("aria-busy");
    this.section.querySelector("[data-stop]")?.remove();
    this.section.querySelector(".answer-spinner")?.remove();
    this.phase("A conexão com o servidor caiu. ");
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = "Recarregue a página para ver a resposta.";
    this.section.querySelector("[data-phase]")?.after(link);
  }
}

const streams = new WeakSet();

/** Follows every answer on the page that is being written. */
function followAll() {
  for (const section of document.querySelectorAll("[data-stream]")) {
    if (!(section instanceof HTMLElement) || streams.has(section)) continue;
    streams.add(section);
    new Stream(section);
  }
}

const confirmed = new Set();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !(target instanceof HTMLElement)) continue;
    if (document.visibilityState !== "visible" || !target.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const url = target.dataset.disclaimer ?? "";
    seen.unobserve(target);
    if (confirmed.has(url)) continue;
    confirmed.add(url);
    confirm(url);
  }
}, { threshold: 0.9 });

/** Milliseconds before the next try. */
const PATIENCE = [1_000, 5_000, 20_000];

/**
 * Tells the server that a disclaimer was seen. Not recorded after all tries, it is when the page is shown again.
 * @param {string} url
 */
function confirm(url, tries = 0) {
  json(url, {}).catch(() => {
    if (tries < PATIENCE.length) setTimeout(confirm, PATIENCE[tries], url, tries + 1);
    else confirmed.delete(url);
  });
}

/** @param {ParentNode} root */
function watchDisclaimers(root) {
  for (const element of root.querySelectorAll("[data-disclaimer]")) seen.observe(element);
}

function showToEnd() {
  const button = document.querySelector("[data-to-end]");
  if (button instanceof HTMLElement) button.hidden = distance() < 4 * NEAR;
}

export function start() {
  const scan = () => {
    followAll();
    watchDisclaimers(document);
    showToEnd();
  };
  scan();
  document.addEventListener("htmx:after:swap", (event) => {
    scan();
    // A decision takes the pressed button away; the focus stays with what it was about.
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    const id = ctx.target instanceof Element ? ctx.target.id : "";
    const place = id && document.activeElement === document.body ? document.getElementById(id) : null;
    const next = place?.closest(".answer")?.contains(place) ? place.querySelector("summary, button, a") : null;
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    // The observer told of what came into view while nobody looked; asked anew, it tells again.
    seen.disconnect();
    watchDisclaimers(document);
  });
  addEventListener("scroll", showToEnd, { passive: true });
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element && event.target.closest("[data-to-end]");
    if (target) toEnd(reduced.matches ? "instant" : "smooth");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    const elsewhere = document.querySelector("dialog[open], body.drawer-open");
    const searching = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (elsewhere || searching) return;
    const stops = document.querySelectorAll("[data-stop]");
    const last = stops[stops.length - 1];
    if (last instanceof HTMLFormElement) last.requestSubmit();
  });
}
