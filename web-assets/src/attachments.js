// Images that go along with a message: chosen, dropped or pasted, checked before they leave, shown, covered, removed.
// They live in the page's memory and in the form's file field. Their names stay in the browser: they often name the
// patient.
import { cover } from "./blackout.js";

export const MAX_BYTES = 5 * 1024 * 1024;
const MAX_IMAGES = 3;
const MAX_SIDE = 8000;
const MAX_PIXELS = 50_000_000;
/** An upload over a slow line takes longer than other requests. */
const UPLOAD_TIMEOUT = 180_000;

/** @typedef {{file: File, url: string, width: number, height: number, covered: boolean, rectangles: import("./blackout.js").Rectangle[]}} Picture */

const NAMES = { "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP" };
const ENDINGS = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };
const OTHERS = [["%PDF", 0, "PDF"], ["GIF8", 0, "GIF"], ["II*\0", 0, "TIFF"], ["MM\0*", 0, "TIFF"], ["BM", 0, "BMP"], ["<svg", 0, "SVG"], ["PK\x03\x04", 0, "ZIP"], ["ftypavif", 4, "AVIF"], ["ftypheic", 4, "HEIC"], ["ftypmif1", 4, "HEIC"], ["DICM", 128, "DICOM"]];

/**
 * The media type by the first bytes; what a file is called or says of itself counts for nothing.
 * @param {Blob} file
 * @returns {Promise<string>} throws the sentence to show
 */
async function sniff(file) {
  const start = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  const text = String.fromCharCode(...start);
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("RIFF") && text.startsWith("WEBP", 8)) return "image/webp";
  const other = OTHERS.find(([magic, at]) => text.startsWith(/** @type {string} */ (magic), /** @type {number} */ (at)));
  if (other) throw `Arquivos ${other[2]} não são aceitos. Exporte a imagem como JPEG, PNG ou WebP e envie essa cópia.`;
  throw "O arquivo não é JPEG, PNG nem WebP. Abra-o, salve uma cópia em um desses formatos e envie a cópia.";
}

/** @param {string} url @param {string} type @returns {Promise<{width: number, height: number}>} */
async function measure(url, type) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    throw `A imagem ${NAMES[type]} está danificada. Abra-a, salve uma cópia e envie a cópia.`;
  }
  return { width: image.naturalWidth, height: image.naturalHeight };
}

/** @param {number} bytes */
function size(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1).replace(".", ",")} MB`;
}

/** @param {DataTransfer | null} transfer */
const brings = (transfer) => transfer?.types.includes("Files") ?? false;

export class Attachments {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} root
   * @param {() => void} changed called whenever images come or go
   */
  constructor(form, root, changed) {
    const part = (name) => /** @type {HTMLElement} */ (root.querySelector(`[data-attach-${name}]`));
    this.form = form;
    this.root = root;
    this.onChange = changed;
    this.input = /** @type {HTMLInputElement} */ (root.querySelector("input[type=file]"));
    this.list = part("list");
    this.confirm = part("confirm");
    this.box = /** @type {HTMLInputElement} */ (this.confirm.querySelector("input"));
    this.status = part("status");
    this.error = part("error");
    this.model = /** @type {HTMLTemplateElement} */ (root.querySelector("template"));
    /** @type {Picture[]} */
    this.pictures = [];
    this.adding = Promise.resolve();
    this.wire();
    this.show();
  }

  get count() {
    return this.pictures.length;
  }

  wire() {
    this.input.addEventListener("change", () => this.add([...(this.input.files ?? [])]));
    this.form.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      // A copied paragraph or table comes as text and as its picture: then the text is meant.
      if (files.length === 0 || event.clipboardData?.types.includes("text/plain")) return;
      event.preventDefault();
      this.add(files);
    });
    // A file dropped beside the form would replace the page, and the unsent text with it.
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => {
        const { dataTransfer } = /** @type {DragEvent} */ (event);
        if (!brings(dataTransfer)) return;
        event.preventDefault();
        const inside = event.target instanceof Node && this.form.contains(event.target);
        if (dataTransfer) dataTransfer.dropEffect = inside ? "copy" : "none";
        this.form.classList.toggle("is-dropping", inside && name === "dragover");
        if (inside && name === "drop") this.add([...(dataTransfer?.files ?? [])]);
      });
    }
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.form.classList.remove("is-dropping");
    });
    this.list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      const at = [...this.list.children].findIndex((item) => item.contains(button));
      if (!button || at < 0) return;
      if (button.dataset.act === "remove") this.remove(at);
      else this.cover(this.pictures[at], at);
    });
    this.form.addEventListener("htmx:config:request", (event) => {
      const { ctx } = /** @type {CustomEvent} */ (event).detail;
      if (this.count > 0) ctx.request.timeout = UPLOAD_TIMEOUT;
    });
  }

  /** @param {File[]} files */
  add(files) {
    // One after the other: two quick drops must not both find the last free place.
    this.adding = this.adding.then(() => this.take(files));
    return this.adding;
  }

  /** @param {File[]} files */
  async take(files) {
    /** @type {string[]} */
    const refused = [];
    for (const [index, file] of files.entries()) {
      if (this.count === MAX_IMAGES) {
        refused.push(`São até ${MAX_IMAGES} imagens por mensagem. Retire as que sobram.`);
        break;
      }
      try {
        this.pictures.push(await this.check(file));
      } catch (problem) {
        const sentence = typeof problem === "string" ? problem : "O arquivo não pôde ser lido. Escolha-o de novo.";
        refused.push(files.length > 1 ? `Arquivo ${index + 1}: ${sentence}` : sentence);
      }
    }
    this.changed();
    this.say(refused);
  }

  /** @param {File} file @returns {Promise<Picture>} */
  async check(file) {
    if (file.size === 0) throw "O arquivo está vazio. Escolha-o de novo.";
    const type = await sniff(file);
    if (file.size > MAX_BYTES) throw "A imagem passa de 5 MB. Reduza o tamanho ou a qualidade e envie de novo.";
    const url = URL.createObjectURL(file);
    try {
      const { width, height } = await measure(url, type);
      if (Math.max(width, height) > MAX_SIDE || width * height > MAX_PIXELS) {
        throw `A imagem tem ${width} × ${height} pontos. O limite é ${MAX_SIDE} por lado e 50 milhões ao todo: reduza-a ou recorte a parte que interessa.`;
      }
      return { file: nameless(file, type), url, width, height, covered: false, rectangles: [] };
    } catch (problem) {
      URL.revokeObjectURL(url);
      throw problem;
    }
  }

  /** @param {number} at */
  remove(at) {
    const [gone] = this.pictures.splice(at, 1);
    if (gone) URL.revokeObjectURL(gone.url);
    this.say([]);
    this.changed();
    const next = this.list.children[Math.min(at, this.count - 1)]?.querySelector("button") ?? this.input;
    next.focus();
  }

  /** @param {Picture} picture @param {number} at */
  async cover(picture, at) {
    const result = await cover(picture, at + 1);
    if (!result || !this.pictures.includes(picture)) return;
    URL.revokeObjectURL(picture.url);
    // Nothing keeps the picture as it was.
    picture.file = nameless(result.blob, result.blob.type);
    picture.url = URL.createObjectURL(picture.file);
    picture.width = result.width;
    picture.height = result.height;
    picture.covered = true;
    picture.rectangles = [];
    this.say(result.note ? [result.note] : []);
    this.changed();
    this.list.children[this.pictures.indexOf(picture)]?.querySelector("button")?.focus();
  }

  /** Forgets all images. */
  clear() {
    for (const picture of this.pictures) URL.revokeObjectURL(picture.url);
    this.pictures = [];
    this.say([]);
    this.changed();
  }

  changed() {
    const files = new DataTransfer();
    this.pictures.forEach((picture, index) => {
      const { type } = picture.file;
      files.items.add(new File([picture.file], `imagem-${index + 1}.${ENDINGS[type]}`, { type, lastModified: 0 }));
    });
    this.input.files = files.files;
    // What was confirmed were other pictures.
    this.box.checked = false;
    this.show();
    this.onChange();
  }

  show() {
    const some = this.count > 0;
    this.list.hidden = !some;
    this.confirm.hidden = !some;
    this.box.required = some;
    this.box.disabled = !some;
    this.input.disabled = false;
    this.root.classList.toggle("is-full", this.count === MAX_IMAGES);
    this.list.replaceChildren(...this.pictures.map((picture, index) => this.item(picture, index + 1)));
    const total = this.pictures.reduce((sum, picture) => sum + picture.file.size, 0);
    this.status.textContent = some ? `${this.count} de ${MAX_IMAGES} imagens, ${size(total)}` : "";
  }

  /** @param {Picture} picture @param {number} number */
  item(picture, number) {
    const item = /** @type {DocumentFragment} */ (this.model.content.cloneNode(true)).firstElementChild;
    if (!(item instanceof HTMLElement)) throw new TypeError("no model for an image");
    const image = item.querySelector("img");
    const text = `${NAMES[picture.file.type]}, ${size(picture.file.size)}, ${picture.width} × ${picture.height} pontos`;
    if (image) {
      image.src = picture.url;
      image.alt = `Imagem ${number}: ${text}${picture.covered ? ", com partes cobertas" : ""}`;
    }
    const [title, facts, tag] = item.querySelectorAll("[data-text]");
    title.textContent = `Imagem ${number}`;
    facts.textContent = text;
    if (tag instanceof HTMLElement) tag.hidden = !picture.covered;
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.dataset.act === "remove" ? "Retirar a imagem" : "Cobrir dados na imagem"} ${number}`);
    }
    return item;
  }

  /** @param {string[]} sentences */
  say(sentences) {
    this.error.replaceChildren(...sentences.map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    }));
  }
}

/** @param {Blob} blob @param {string} type */
function nameless(blob, type) {
  return new File([blob], `imagem.${ENDINGS[type]}`, { type, lastModified: 0 });
}

/**
 * The images of a form, or nothing where it takes none.
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 * @returns {Attachments | null}
 */
export function attachments(form, changed) {
  const root = form.querySelector("[data-attach]");
  return root instanceof HTMLElement ? new Attachments(form, root, changed) : null;
}
