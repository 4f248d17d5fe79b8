// A list of rows by keyboard: j and k move, Enter opens (the focus is on a link), ? shows the keys. Without this script
// the links and the help work as they stand.

const OFF = "sigilo-teclas-desligadas";

/** Whether a key belongs to what has the focus. @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select, dialog") !== null);
}

/** The next link in a direction, from the one that has the focus; the first one from anywhere else. */
function next(links, step) {
  const at = links.indexOf(document.activeElement);
  return at < 0 ? links[0] : links[Math.min(Math.max(at + step, 0), links.length - 1)];
}

/** Storage may be forbidden; the choice then holds for this page. */
function stored(work) {
  try {
    return work();
  } catch {
    return false;
  }
}

export function start() {
  const help = document.getElementById("teclas");
  if (!(help instanceof HTMLDetailsElement)) return;
  const off = help.querySelector("[data-row-keys-off]");
  if (!(off instanceof HTMLInputElement)) return;
  off.checked = stored(() => localStorage.getItem(OFF) !== null);
  off.addEventListener("change", () => {
    stored(() => (off.checked ? localStorage.setItem(OFF, "1") : localStorage.removeItem(OFF)));
  });
  document.addEventListener("keydown", (event) => {
    if (off.checked || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (event.key === "?") {
      help.open = !help.open;
      if (help.open) help.querySelector("summary")?.focus();
    } else if (event.key === "j" || event.key === "k") {
      const links = [...document.querySelectorAll("[data-row-keys] [data-row]")];
      next(links, event.key === "j" ? 1 : -1)?.focus();
    } else {
      return;
    }
    event.preventDefault();
  });
}
