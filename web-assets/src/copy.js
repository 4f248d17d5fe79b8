// "Copiar" and "Imprimir" buttons.
// <button data-copy="text"> or <button data-copy-from="#id">; <button data-print>.

/** @param {HTMLElement} button @param {string} text */
function flash(button, text) {
  const label = button.querySelector("[data-label]") ?? button;
  const before = button.dataset.before ?? label.textContent ?? "";
  button.dataset.before = before;
  label.textContent = text;
  button.classList.add("is-done");
  const status = document.getElementById("anuncio");
  if (status) status.textContent = text;
  setTimeout(() => {
    label.textContent = before;
    button.classList.remove("is-done");
    if (status) status.textContent = "";
  }, 2000);
}

/** @param {HTMLElement} element @returns {string} its text, one list item a line */
function textOf(element) {
  const items = element.querySelectorAll("li");
  return items.length > 0
    ? [...items].map((item) => item.textContent?.trim()).join("\n")
    : element.textContent?.trim() ?? "";
}

export function start() {
  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-print]")) {
      window.print();
      return;
    }
    const button = target?.closest("[data-copy], [data-copy-from]");
    if (!(button instanceof HTMLElement)) return;
    const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
    const text = source ? textOf(source) : button.dataset.copy ?? "";
    try {
      await navigator.clipboard.writeText(text);
      flash(button, "Copiado");
    } catch {
      flash(button, "Não foi possível copiar");
    }
  });
}
