// The recovery codes are shown once. The page that leads here holds the panel, empty and hidden,
// so that the codes never need a second request.

/**
 * @param {string[]} codes
 * @param {string} next where "Continuar" leads
 */
export function show(codes, next) {
  const panel = document.querySelector("[data-recovery]");
  if (!(panel instanceof HTMLElement)) {
    location.assign(next);
    return;
  }
  const list = panel.querySelector("[data-recovery-list]");
  list?.replaceChildren(...codes.map((code) => {
    const item = document.createElement("li");
    item.textContent = code;
    return item;
  }));
  const leave = panel.querySelector("[data-recovery-next]");
  if (leave instanceof HTMLAnchorElement) leave.href = next;
  for (const other of document.querySelectorAll("[data-recovery-hides]")) {
    if (other instanceof HTMLElement) other.hidden = true;
  }
  panel.hidden = false;
  panel.querySelector("h1, h2")?.setAttribute("tabindex", "-1");
  const heading = panel.querySelector("h1, h2");
  if (heading instanceof HTMLElement) heading.focus();
}

/** "Continuar" opens only after the person says that the codes are kept. */
export function start() {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches("[data-recovery-kept]")) return;
    const leave = box.closest("[data-recovery]")?.querySelector("[data-recovery-next]");
    leave?.setAttribute("aria-disabled", String(!box.checked));
    leave?.classList.toggle("disabled", !box.checked);
  });
  document.addEventListener("click", (event) => {
    const leave = event.target instanceof Element && event.target.closest("[data-recovery-next]");
    if (!leave || leave.getAttribute("aria-disabled") !== "true") return;
    event.preventDefault();
    const box = leave.closest("[data-recovery]")?.querySelector("[data-recovery-kept]");
    if (box instanceof HTMLElement) box.focus();
  });
}
