// Small things of pages: dialogs opened by a button, and forms that ask before they act.
// <button data-dialog="id">, <button data-close>, <dialog data-focus="selector">.

export function start() {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const opener = target?.closest("[data-dialog]");
    if (opener instanceof HTMLElement) {
      const dialog = document.getElementById(opener.dataset.dialog ?? "");
      if (dialog instanceof HTMLDialogElement) {
        dialog.showModal();
        const field = dialog.querySelector("input[type=text]");
        if (field instanceof HTMLInputElement) field.select();
      }
      return;
    }
    target?.closest("[data-close]")?.closest("dialog")?.close();
  });
  // A dialog whose form was accepted has done its work.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    const dialog = ctx.sourceElement.closest("dialog[data-close-on-success]");
    if (dialog instanceof HTMLDialogElement && ctx.response.status < 400) dialog.close();
  });
  // What was deleted has no address any more, and the focus must not be lost with it.
  document.addEventListener("htmx:after:swap", () => {
    const place = document.querySelector("main [data-address]");
    if (!(place instanceof HTMLElement) || !place.dataset.address) return;
    history.replaceState(null, "", place.dataset.address);
    const heading = place.querySelector("[data-focus]");
    if (heading instanceof HTMLElement) heading.focus();
    delete place.dataset.address;
  });
  const summary = document.querySelector("[data-error-summary]");
  if (summary instanceof HTMLElement) summary.focus();
}
