// Pages before there is a session: sign-in, sign-up, second factor. They run under Trusted Types,
// so nothing here writes HTML.
import * as appearance from "./appearance.js";
import * as copy from "./copy.js";
import * as hash from "./hash.js";
import { wire } from "./passkey.js";
import { show as showRecoveryCodes, start as startRecoveryCodes } from "./recovery.js";

appearance.start();
copy.start();
hash.start();
startRecoveryCodes();

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!(form instanceof HTMLFormElement)) continue;
  wire(form, (answer) => {
    if (Array.isArray(answer?.codes)) showRecoveryCodes(answer.codes, answer.redirect ?? "/");
    else location.assign(answer?.redirect ?? "/");
  });
}

// A form sent twice is a code used twice: the second one would be refused.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.passkey) return;
  const button = form.querySelector("button[type=submit]");
  if (event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  button?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
