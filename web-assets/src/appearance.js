// The button that switches between light and dark. theme.js keeps the choice.

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-theme-toggle]");
    if (!button) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.dispatchEvent(new CustomEvent("sigilo:theme", { detail: next }));
    const status = document.getElementById("anuncio");
    if (status) status.textContent = next === "dark" ? "Tema escuro" : "Tema claro";
  });
}
