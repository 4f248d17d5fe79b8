// The side bar becomes a drawer on narrow screens.

export function start() {
  const button = document.querySelector("[data-drawer-open]");
  const drawer = document.getElementById("barra-lateral");
  const main = document.getElementById("coluna");
  if (!(button instanceof HTMLElement) || !drawer || !main) return;
  const narrow = matchMedia("(max-width: 991.98px)");

  /** @param {boolean} open @param {boolean} [focus] */
  const set = (open, focus = true) => {
    document.body.classList.toggle("drawer-open", open);
    button.setAttribute("aria-expanded", String(open));
    main.inert = open;
    drawer.inert = narrow.matches && !open;
    if (!focus) return;
    if (open) drawer.querySelector("a, button")?.focus();
    else button.focus();
  };

  button.addEventListener("click", () => set(true));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-drawer-close]")) set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) set(false);
  });
  narrow.addEventListener("change", () => set(false, false));
  set(false, false);
}
