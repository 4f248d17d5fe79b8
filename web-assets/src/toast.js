// Short notices, placed by the server in #avisos. They leave by themselves, later when there is
// something to press, and never while the pointer or the focus is on them.
const PLAIN = 6_000;
const WITH_ACTION = 15_000;

/** @param {HTMLElement} toast */
function arm(toast) {
  if (toast.dataset.armed) return;
  toast.dataset.armed = "1";
  if (toast.dataset.sticky) return;
  const life = toast.querySelector("form, a, [data-undo]") ? WITH_ACTION : PLAIN;
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) wait();
      else toast.remove();
    }, life);
  };
  wait();
}

/**
 * Shows a notice from a module.
 * @param {string} text
 * @param {"ok" | "bad"} [tone]
 */
export function notify(text, tone = "ok") {
  const place = document.getElementById("avisos");
  if (!place) return;
  const toast = document.createElement("div");
  toast.className = `toast-note toast-note-${tone}`;
  const sentence = document.createElement("p");
  sentence.textContent = text;
  toast.append(sentence);
  place.append(toast);
}

export function start() {
  const place = document.getElementById("avisos");
  if (!place) return;
  const armAll = () => {
    for (const toast of place.children) if (toast instanceof HTMLElement) arm(toast);
  };
  new MutationObserver(armAll).observe(place, { childList: true });
  armAll();
  place.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-dismiss]");
    if (button) button.closest(".toast-note")?.remove();
  });
  document.addEventListener("htmx:error", (event) => {
    const source = event.target instanceof Element ? event.target : null;
    if (source?.closest("[data-composer]")) return;
    notify("Sem resposta do servidor. Verifique sua conexão e tente de novo.", "bad");
  });
}
