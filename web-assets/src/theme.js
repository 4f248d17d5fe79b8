// Chooses light or dark before the first paint. The choice is the only thing Sigilo ever keeps in
// the browser's storage.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("sigilo-tema");
  } catch {
    // Storage may be forbidden; the system's preference then decides.
  }
  const apply = () => {
    const theme = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.bsTheme = theme;
  };
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("sigilo:theme", (event) => {
    chosen = event.detail;
    try {
      localStorage.setItem("sigilo-tema", chosen);
    } catch {
      // The choice then lasts for this page only.
    }
    apply();
  });
})();
