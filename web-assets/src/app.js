// Pages with a session.
import htmx from "htmx.org";
import * as answer from "./answer.js";
import * as appearance from "./appearance.js";
import * as composer from "./composer.js";
import * as copy from "./copy.js";
import * as drawer from "./drawer.js";
import * as idle from "./idle.js";
import * as inline from "./inline.js";
import { wire } from "./passkey.js";
import * as rows from "./rows.js";
import * as signature from "./signature.js";
import * as toast from "./toast.js";
import { show as showRecoveryCodes, start as startRecoveryCodes } from "./recovery.js";

// Text of patients must not stay in the browser: no snapshots of pages, no eval.
htmx.config.history = false;
htmx.config.defaultTimeout = 30_000;
// Settling copies the style attribute of what was there before, which the content policy refuses.
htmx.config.defaultSettleDelay = 0;

appearance.start();
copy.start();
drawer.start();
inline.start();
rows.start();
signature.start();
toast.start();
startRecoveryCodes();
composer.start();
answer.start();
idle.start();

for (const form of document.querySelectorAll("form[data-passkey]:not([data-unlock])")) {
  if (!(form instanceof HTMLFormElement)) continue;
  wire(form, (answer) => {
    if (Array.isArray(answer?.codes)) showRecoveryCodes(answer.codes, answer.redirect ?? "/account");
    else location.assign(answer?.redirect ?? location.href);
  });
}
