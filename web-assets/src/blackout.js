// Covering what is written in an image, such as a patient's name on an ultrasound, before it leaves the browser.
// Rectangles are drawn with the mouse or a finger, or added and moved with the keyboard; then the picture is encoded
// anew with them in it, so that what lay below is gone.

const MAX_BYTES = 5 * 1024 * 1024;
/** In steps of the screen's pixels. */
const STEP = 8;
const FINE_STEP = 1;
/** Smaller ones come from a click and cover nothing. */
const SMALLEST = 4;
const QUALITIES = [0.92, 0.85, 0.75, 0.6];

/** @typedef {{x: number, y: number, width: number, height: number}} Rectangle in the picture's pixels */
/** @typedef {{blob: Blob, width: number, height: number, note?: string}} Covered */

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

/**
 * Lets the person cover parts of an image.
 * @param {{file: File, rectangles: Rectangle[]}} picture its rectangles are kept when the session locks in between
 * @param {number} number of the image, as the person counts
 * @returns {Promise<Covered | null>} nothing when it was given up
 */
export async function cover(picture, number) {
  const dialog = document.getElementById("cobrir");
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return null;
  return new Blackout(dialog, picture, number).run();
}

class Blackout {
  /** @param {HTMLDialogElement} dialog @param {{file: File, rectangles: Rectangle[]}} picture @param {number} number */
  constructor(dialog, picture, number) {
    const part = (name) => /** @type {any} */ (dialog.querySelector(`[data-cover-${name}]`));
    this.dialog = dialog;
    this.picture = picture;
    this.number = number;
    this.stage = /** @type {HTMLElement} */ (part("stage"));
    this.canvas = /** @type {HTMLCanvasElement} */ (dialog.querySelector("canvas"));
    this.layer = /** @type {HTMLElement} */ (part("layer"));
    this.message = /** @type {HTMLElement} */ (part("message"));
    this.buttons = {
      add: /** @type {HTMLButtonElement} */ (part("add")),
      undo: /** @type {HTMLButtonElement} */ (part("undo")),
      remove: /** @type {HTMLButtonElement} */ (part("remove")),
      apply: /** @type {HTMLButtonElement} */ (part("apply")),
      cancel: /** @type {HTMLButtonElement} */ (part("cancel")),
    };
    this.rectangles = picture.rectangles;
    /** @type {Rectangle[][]} */
    this.past = [];
    /** What the last step was, so that a held key is undone at once. */
    this.last = "";
    this.selected = -1;
    this.wiring = new AbortController();
  }

  /** @returns {Promise<Covered | null>} */
  async run() {
    /** @type {(result: Covered | null) => void} */
    let finish = () => {};
    const done = new Promise((resolve) => {
      finish = resolve;
    });
    this.finish = finish;
    this.say("");
    this.wire();
    this.dialog.showModal();
    await this.draw();
    const result = await done;
    this.end();
    return /** @type {Covered | null} */ (result);
  }

  async draw() {
    try {
      // The browser turns the picture upright as its EXIF says, and the encoded copy needs none.
      const bitmap = await createImageBitmap(this.picture.file, { imageOrientation: "from-image" });
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
      this.context()?.drawImage(bitmap, 0, 0);
      bitmap.close();
      this.canvas.setAttribute("aria-label", `Imagem ${this.number}, ${this.canvas.width} × ${this.canvas.height} pontos`);
      this.place();
    } catch {
      this.say("Este navegador não conseguiu abrir a imagem. Reduza o tamanho dela e tente de novo.");
    }
  }

  context() {
    return this.canvas.getContext("2d");
  }

  wire() {
    const { signal } = this.wiring;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(this.buttons.add, "click", () => this.addInTheMiddle());
    on(this.buttons.undo, "click", () => this.undo());
    on(this.buttons.remove, "click", () => this.remove());
    on(this.buttons.apply, "click", () => this.apply());
    on(this.buttons.cancel, "click", () => this.giveUp());
    on(this.dialog, "cancel", () => {
      this.rectangles.length = 0;
    });
    // Also when the session locks; the rectangles then stay with the picture.
    on(this.dialog, "close", () => this.finish?.(null));
    on(this.dialog, "keydown", (event) => this.key(event));
    on(this.stage, "pointerdown", (event) => this.pointer(event));
    on(this.layer, "focusin", (event) => this.select([...this.layer.children].indexOf(event.target)));
    on(window, "resize", () => this.place());
  }

  end() {
    this.wiring.abort();
    if (this.dialog.open) this.dialog.close();
    // A canvas without a size holds no pixels.
    this.canvas.width = 0;
    this.canvas.height = 0;
    this.layer.replaceChildren();
    this.past = [];
  }

  giveUp() {
    this.rectangles.length = 0;
    this.finish?.(null);
  }

  /** @param {string} text */
  say(text) {
    this.message.textContent = text;
  }

  /** How many of the picture's pixels one of the screen's is. */
  scale() {
    const shown = this.canvas.getBoundingClientRect();
    return shown.width > 0 ? this.canvas.width / shown.width : 1;
  }

  /** Before a change. @param {string} step steps of the same name are one */
  remember(step = "") {
    if (step && step === this.last) return;
    this.last = step;
    this.past.push(this.rectangles.map((one) => ({ ...one })));
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    this.last = "";
    this.rectangles.splice(0, this.rectangles.length, ...before);
    this.selected = Math.min(this.selected, before.length - 1);
    this.place();
    this.say(`Desfeito. ${this.summary()}`);
    if (this.past.length === 0) this.buttons.add.focus();
  }

  summary() {
    const count = this.rectangles.length;
    if (count === 0) return "Nenhum retângulo.";
    return count === 1 ? "1 retângulo." : `${count} retângulos.`;
  }

  addInTheMiddle() {
    const { width, height } = this.canvas;
    if (width === 0) return;
    this.remember();
    const one = { width: Math.round(width / 4), height: Math.max(Math.round(height / 12), SMALLEST), x: 0, y: 0 };
    // Where the last one is, so that several do not lie on each other.
    const shift = (this.rectangles.length % 5) * Math.round(height / 10);
    one.x = Math.round((width - one.width) / 2);
    one.y = clamp(Math.round(height / 3) + shift, 0, height - one.height);
    this.rectangles.push(this.inside(one));
    this.place();
    this.focus(this.rectangles.length - 1);
  }

  remove() {
    if (!this.rectangles[this.selected]) return;
    this.remember();
    this.rectangles.splice(this.selected, 1);
    const next = Math.min(this.selected, this.rectangles.length - 1);
    this.place();
    this.say(`Retângulo retirado. ${this.summary()}`);
    if (next >= 0) this.focus(next);
    else this.buttons.add.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.undo();
      return;
    }
    const at = [...this.layer.children].indexOf(/** @type {Element} */ (event.target));
    const one = this.rectangles[at];
    if (!one) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove();
      return;
    }
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = Math.max(1, Math.round((event.altKey ? FINE_STEP : STEP) * this.scale()));
    this.remember(`${event.shiftKey ? "resize" : "move"} ${at}`);
    if (event.shiftKey) {
      one.width = clamp(one.width + way[0] * step, SMALLEST, this.canvas.width - one.x);
      one.height = clamp(one.height + way[1] * step, SMALLEST, this.canvas.height - one.y);
    } else {
      one.x = clamp(one.x + way[0] * step, 0, this.canvas.width - one.width);
      one.y = clamp(one.y + way[1] * step, 0, this.canvas.height - one.height);
    }
    this.place();
  }

  /** Draws a new rectangle, or moves or resizes the one below the pointer. @param {PointerEvent} down */
  pointer(down) {
    if (down.button !== 0 || this.canvas.width === 0) return;
    const at = [...this.layer.children].indexOf(/** @type {Element} */ (down.target));
    if (at < 0 && down.target !== this.canvas && down.target !== this.layer) return;
    down.preventDefault();
    const start = this.point(down);
    const before = at >= 0 ? { ...this.rectangles[at] } : null;
    const corner = before && start.x > before.x + before.width - 12 * this.scale() && start.y > before.y + before.height - 12 * this.scale();
    this.remember();
    let index = at;
    if (!before) {
      this.rectangles.push({ x: start.x, y: start.y, width: 0, height: 0 });
      index = this.rectangles.length - 1;
    }
    this.stage.setPointerCapture(down.pointerId);
    const gesture = new AbortController();
    const move = (event) => {
      const now = this.point(event);
      const one = this.rectangles[index];
      if (before && corner) {
        one.width = clamp(now.x - before.x, SMALLEST, this.canvas.width - before.x);
        one.height = clamp(now.y - before.y, SMALLEST, this.canvas.height - before.y);
      } else if (before) {
        one.x = clamp(before.x + now.x - start.x, 0, this.canvas.width - before.width);
        one.y = clamp(before.y + now.y - start.y, 0, this.canvas.height - before.height);
      } else {
        one.x = Math.min(start.x, now.x);
        one.y = Math.min(start.y, now.y);
        one.width = Math.abs(now.x - start.x);
        one.height = Math.abs(now.y - start.y);
      }
      this.place();
    };
    const stop = () => {
      gesture.abort();
      const one = this.rectangles[index];
      const same = before && one.x === before.x && one.y === before.y && one.width === before.width && one.height === before.height;
      const nothing = !before && (one.width < SMALLEST || one.height < SMALLEST);
      if (same || nothing) this.past.pop();
      if (nothing) this.rectangles.splice(index, 1);
      this.place();
      if (!nothing) this.focus(index);
    };
    const { signal } = gesture;
    this.stage.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, stop, { signal });
    this.wiring.signal.addEventListener("abort", () => gesture.abort());
  }

  /** Where the pointer is on the picture. @param {PointerEvent} event */
  point(event) {
    const shown = this.canvas.getBoundingClientRect();
    const scale = this.scale();
    return {
      x: Math.round(clamp((event.clientX - shown.left) * scale, 0, this.canvas.width)),
      y: Math.round(clamp((event.clientY - shown.top) * scale, 0, this.canvas.height)),
    };
  }

  /** @param {Rectangle} one */
  inside(one) {
    const width = Math.min(one.width, this.canvas.width);
    const height = Math.min(one.height, this.canvas.height);
    return { width, height, x: clamp(one.x, 0, this.canvas.width - width), y: clamp(one.y, 0, this.canvas.height - height) };
  }

  /** Shows the rectangles where they are. */
  place() {
    const scale = this.scale();
    this.layer.style.left = `${this.canvas.offsetLeft}px`;
    this.layer.style.top = `${this.canvas.offsetTop}px`;
    while (this.layer.children.length > this.rectangles.length) this.layer.lastElementChild?.remove();
    this.rectangles.forEach((one, index) => {
      let box = /** @type {HTMLElement | undefined} */ (this.layer.children[index]);
      if (!box) {
        box = document.createElement("button");
        box.setAttribute("type", "button");
        box.className = "cover-box";
        this.layer.append(box);
      }
      box.style.left = `${one.x / scale}px`;
      box.style.top = `${one.y / scale}px`;
      box.style.width = `${one.width / scale}px`;
      box.style.height = `${one.height / scale}px`;
      box.setAttribute("aria-label", `Retângulo ${index + 1}: ${one.width} × ${one.height} pontos, a ${one.x} da esquerda e ${one.y} do alto`);
    });
    this.buttons.undo.disabled = this.past.length === 0;
    this.buttons.apply.disabled = this.rectangles.length === 0;
    this.buttons.remove.disabled = !this.rectangles[this.selected];
  }

  /** @param {number} index */
  focus(index) {
    const box = this.layer.children[index];
    if (box instanceof HTMLElement) box.focus();
  }

  /** @param {number} index */
  select(index) {
    this.selected = index;
    this.buttons.remove.disabled = !this.rectangles[index];
    for (const [at, box] of [...this.layer.children].entries()) box.classList.toggle("is-selected", at === index);
  }

  async apply() {
    const context = this.context();
    if (!context || this.rectangles.length === 0) return;
    this.buttons.apply.disabled = true;
    this.say("Cobrindo…");
    context.fillStyle = "#000";
    for (const one of this.rectangles) context.fillRect(one.x, one.y, one.width, one.height);
    const { width, height } = this.canvas;
    const result = await encode(this.canvas, this.picture.file.type);
    if (!this.dialog.open) return;
    if (typeof result === "string") {
      await this.draw();
      this.say(result);
      return;
    }
    this.rectangles.length = 0;
    this.finish?.({ ...result, width, height });
  }
}

/** @param {HTMLCanvasElement} canvas @param {string} type @param {number} [quality] @returns {Promise<Blob | null>} */
const blobOf = (canvas, type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality));

/**
 * The picture in its own type when it fits, in another when it does not.
 * @param {HTMLCanvasElement} canvas @param {string} type
 * @returns {Promise<{blob: Blob, note?: string} | string>} or a sentence that says why not
 */
async function encode(canvas, type) {
  const own = type === "image/png" ? [undefined] : QUALITIES;
  for (const quality of own) {
    const blob = await blobOf(canvas, type, quality);
    if (!blob) return "Este navegador não conseguiu salvar a imagem. Reduza o tamanho dela e tente de novo.";
    // A browser that cannot write the type writes PNG.
    if (blob.type !== type) break;
    if (blob.size > MAX_BYTES) continue;
    if (quality === undefined || quality === QUALITIES[0]) return { blob };
    return { blob, note: `Para caber em 5 MB, a imagem coberta foi salva com qualidade ${Math.round(quality * 100)} %. Confira se ainda mostra o que interessa.` };
  }
  const context = canvas.getContext("2d");
  if (context) {
    // JPEG knows no transparency: what shines through would become black.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-over";
  }
  for (const quality of type === "image/jpeg" ? [] : QUALITIES) {
    const blob = await blobOf(canvas, "image/jpeg", quality);
    if (blob && blob.type === "image/jpeg" && blob.size <= MAX_BYTES) {
      return { blob, note: "A imagem coberta foi salva como JPEG. Confira se ainda mostra o que interessa." };
    }
  }
  return "Coberta, a imagem passa de 5 MB. Recorte a parte que interessa ou reduza o tamanho e tente de novo.";
}
