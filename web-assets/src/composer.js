// Writing a message: the live preview of what will be removed, phrases the doctor removes by hand,
// and sending. The text lives in the field and nowhere else in the browser.
import { attachments } from "./attachments.js";
import { json, ServerError } from "./http.js";

const PREVIEW_AFTER = 250;
const SHOW_COUNT_FROM = 0.8;

let dirty = false;

/** Lets the page go without asking about the unsent text. */
export function discard() {
  dirty = false;
}

/** @typedef {{text: string, kind?: string, label?: string, tag?: string}} Segment */

const encoder = new TextEncoder();
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase("pt-BR");

class Composer {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    this.send = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    this.remove = /** @type {HTMLButtonElement} */ (form.querySelector("[data-remove-selection]"));
    this.chips = /** @type {HTMLElement} */ (form.querySelector("[data-added]"));
    this.panel = /** @type {HTMLElement} */ (form.querySelector("[data-preview]"));
    this.mirror = /** @type {HTMLElement} */ (form.querySelector("[data-mirror]"));
    this.summary = /** @type {HTMLElement} */ (form.querySelector("[data-summary]"));
    this.counter = /** @type {HTMLElement} */ (form.querySelector("[data-counter]"));
    this.error = /** @type {HTMLElement} */ (document.getElementById("compositor-erro"));
    this.limit = Number(form.dataset.maxBytes) || 65_536;
    /** @type {string[]} */
    this.added = [];
    this.timer = 0;
    this.sending = false;
    /** @type {AbortController | null} */
    this.request = null;
    this.images = attachments(form, () => this.imagesChanged());
    this.wire();
    this.changed();
  }

  wire() {
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
        event.preventDefault();
        if (!this.send.disabled) this.form.requestSubmit(this.send);
      }
    });
    document.addEventListener("selectionchange", () => this.selectionChanged());
    this.remove.addEventListener("click", () => this.addSelection());
    this.chips.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("[data-phrase]");
      if (button instanceof HTMLElement) this.dropPhrase(button.dataset.phrase ?? "");
    });
    this.form.addEventListener("htmx:before:request", (event) => {
      if (this.sending || this.send.disabled) event.preventDefault();
      else this.setSending(true);
    });
    this.form.addEventListener("htmx:after:request", (event) => {
      const { ctx } = /** @type {CustomEvent} */ (event).detail;
      if (ctx.response.status >= 200 && ctx.response.status < 300) this.sent();
    });
    this.form.addEventListener("htmx:error", () => {
      this.fail("A mensagem não foi enviada: sem resposta do servidor. Seu texto continua aqui.");
    });
    this.form.addEventListener("htmx:finally:request", () => this.setSending(false));
    this.form.addEventListener("htmx:after:swap", () => {
      document.getElementById("mensagens")?.lastElementChild?.scrollIntoView({ block: "end" });
    });
  }

  /** @param {boolean} sending */
  setSending(sending) {
    this.sending = sending;
    this.field.readOnly = sending;
    this.form.classList.toggle("is-sending", sending);
    if (sending) this.send.setAttribute("aria-busy", "true");
    else this.send.removeAttribute("aria-busy");
    this.refresh();
  }

  sent() {
    this.field.value = "";
    this.added = [];
    this.images?.clear();
    this.error.replaceChildren();
    this.request?.abort();
    document.querySelector("[data-no-messages]")?.remove();
    this.showChips();
    this.changed();
    this.field.focus();
  }

  /** @param {string} text */
  fail(text) {
    const note = document.createElement("p");
    note.className = "alert-note alert-note-bad";
    note.textContent = text;
    this.error.replaceChildren(note);
  }

  imagesChanged() {
    dirty = this.field.value.trim() !== "" || (this.images?.count ?? 0) > 0;
  }

  changed() {
    this.imagesChanged();
    this.refresh();
    clearTimeout(this.timer);
    if (this.field.value.trim() === "") {
      this.request?.abort();
      this.panel.hidden = true;
      this.mirror.replaceChildren();
      this.summary.textContent = "";
      return;
    }
    this.panel.classList.add("is-stale");
    this.timer = setTimeout(() => this.preview(), PREVIEW_AFTER);
  }

  refresh() {
    const bytes = encoder.encode(this.field.value).length;
    const over = bytes > this.limit;
    this.counter.hidden = bytes < this.limit * SHOW_COUNT_FROM;
    this.counter.classList.toggle("is-over", over);
    this.counter.textContent = over
      ? "Texto longo demais. Divida em duas mensagens."
      : `${Math.round((bytes / this.limit) * 100)} % do tamanho máximo`;
    this.send.disabled = this.sending || over || this.field.value.trim() === "";
  }

  async preview() {
    const text = this.field.value;
    if (encoder.encode(text).length > this.limit) return;
    this.request?.abort();
    this.request = new AbortController();
    try {
      const answer = await json("/conversas/previa", { text, added: this.added }, { signal: this.request.signal });
      if (this.field.value !== text) return;
      this.show(answer.segments, answer.counts);
    } catch (error) {
      if (error instanceof DOMException) return;
      this.panel.hidden = false;
      this.panel.classList.remove("is-stale");
      this.mirror.replaceChildren();
      this.summary.textContent = error instanceof ServerError && error.status >= 400 && error.status < 500
        ? error.message
        : "Prévia indisponível agora. Ao enviar, o servidor remove os dados pessoais antes de gravar.";
    }
  }

  /**
   * @param {Segment[]} segments
   * @param {{label: string, count: number}[]} counts
   */
  show(segments, counts) {
    const total = counts.reduce((sum, entry) => sum + entry.count, 0);
    const summary = total === 0
      ? "Nenhum dado pessoal encontrado. Se algum escapou, selecione-o no texto e remova."
      : `${total} ${total === 1 ? "trecho será removido" : "trechos serão removidos"}: ${counts.map((entry) => `${entry.label} ${entry.count}`).join(", ")}.`;
    if (this.summary.textContent !== summary) this.summary.textContent = summary;
    this.panel.dataset.found = String(total > 0);
    this.mirror.hidden = total === 0;
    this.mirror.replaceChildren(...segments.map((segment) => {
      if (!segment.tag) return document.createTextNode(segment.text);
      const mark = document.createElement("mark");
      mark.className = "removed";
      mark.dataset.kind = segment.kind ?? "";
      const before = document.createElement("del");
      before.textContent = segment.text;
      const tag = document.createElement("span");
      tag.className = "removed-tag";
      tag.textContent = segment.tag.replace(/^\[|\]$/g, "");
      mark.append(before, " ", tag);
      return mark;
    }));
    this.panel.hidden = false;
    this.panel.classList.remove("is-stale");
  }

  /** @returns {string} the phrase selected in the field or in the preview, if it can be removed */
  selected() {
    if (document.activeElement === this.field || document.activeElement === this.remove) {
      return this.field.value.slice(this.field.selectionStart, this.field.selectionEnd).trim();
    }
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !this.mirror.contains(selection.anchorNode)) return "";
    return selection.toString().trim();
  }

  selectionChanged() {
    const phrase = this.selected();
    this.remove.disabled = phrase.length < 2 || phrase.length > 200 || phrase.includes("\n");
  }

  addSelection() {
    const phrase = this.selected();
    if (phrase.length < 2) return;
    if (!this.added.some((other) => fold(other) === fold(phrase))) this.added.push(phrase);
    this.showChips();
    this.preview();
    this.field.focus();
    this.field.setSelectionRange(this.field.selectionEnd, this.field.selectionEnd);
  }

  /** @param {string} phrase */
  dropPhrase(phrase) {
    this.added = this.added.filter((other) => other !== phrase);
    this.showChips();
    this.preview();
    this.field.focus();
  }

  showChips() {
    this.chips.hidden = this.added.length === 0;
    const list = this.chips.querySelector("ul");
    list?.replaceChildren(...this.added.map((phrase) => {
      const item = document.createElement("li");
      item.className = "phrase";
      const value = document.createElement("input");
      value.type = "hidden";
      value.name = "added";
      value.value = phrase;
      const text = document.createElement("span");
      text.textContent = phrase;
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.phrase = phrase;
      button.setAttribute("aria-label", `Não remover mais: ${phrase}`);
      button.textContent = "×";
      item.append(value, text, button);
      return item;
    }));
  }
}

export function start() {
  const form = document.querySelector("form[data-composer]");
  if (form instanceof HTMLFormElement) new Composer(form);
  const messages = document.getElementById("mensagens");
  messages?.lastElementChild?.scrollIntoView({ block: "end" });
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}
