// The SHA-256 of a chosen file, computed here: the file goes nowhere.

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function start() {
  const field = document.querySelector("[data-hash-field]");
  const file = field?.querySelector("input[type=file]");
  const target = document.getElementById("sha256");
  if (!(file instanceof HTMLInputElement) || !(target instanceof HTMLInputElement) || !crypto.subtle) return;
  field.hidden = false;
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
    // Another one may have been chosen meanwhile.
    if (file.files?.[0] === chosen) target.value = hex(digest);
  });
}
