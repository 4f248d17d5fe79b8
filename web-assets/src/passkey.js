// Passkeys and security keys: asks the server for options, the browser for the credential, and
// hands it back.
//
// Markup: <form data-passkey="create|get" data-options="URL" data-finish="URL"> with a submit
// button and an element [data-message]. Other fields of the form travel with the request for
// options, and with the final one too.
import { json, ServerError } from "./http.js";

const MESSAGES = {
  create: {
    NotAllowedError: "A criação da chave foi cancelada ou demorou demais. Tente de novo quando quiser.",
    InvalidStateError: "Este dispositivo já tem uma chave cadastrada nesta conta.",
    SecurityError: "O navegador não permite chaves de acesso neste endereço. Abra o Sigilo pelo endereço oficial da sua clínica.",
    NotSupportedError: "Este dispositivo não oferece o tipo de chave necessário. Tente outro aparelho ou outro método.",
    ConstraintError: "Este dispositivo precisa de um bloqueio de tela (PIN, digital ou rosto) para guardar a chave.",
  },
  get: {
    NotAllowedError: "A verificação foi cancelada, demorou demais ou não há chave deste site no dispositivo.",
    InvalidStateError: "Esta chave não pode ser usada aqui. Tente outra chave.",
    SecurityError: "O navegador não permite chaves de acesso neste endereço. Abra o Sigilo pelo endereço oficial da sua clínica.",
    NotSupportedError: "Este dispositivo não oferece o tipo de chave necessário. Tente outro método.",
  },
};
const UNSUPPORTED = "Este navegador não tem suporte a chaves de acesso. Atualize-o ou use outro método de entrada.";
const FAILED = "Não foi possível usar a chave neste dispositivo. Tente de novo ou use outro método.";

/** @returns {boolean} whether this browser can do what is needed */
export function supported() {
  return typeof PublicKeyCredential === "function"
    && typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function"
    && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";
}

/**
 * @param {unknown} error
 * @param {"create" | "get"} kind
 * @returns {string} a sentence for the person
 */
export function explain(error, kind) {
  if (error instanceof ServerError) return error.message;
  if (error instanceof DOMException) return MESSAGES[kind][error.name] ?? FAILED;
  return FAILED;
}

/**
 * The whole ceremony.
 * @param {"create" | "get"} kind
 * @param {string} optionsUrl
 * @param {string} finishUrl
 * @param {Record<string, string>} [fields]
 * @param {() => void} [onDevice] called when the browser's own dialog is about to open
 */
export async function ceremony(kind, optionsUrl, finishUrl, fields = {}, onDevice = () => {}) {
  if (!supported()) throw new ServerError(UNSUPPORTED);
  const { publicKey } = await json(optionsUrl, fields);
  onDevice();
  const credential = kind === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  if (!(credential instanceof PublicKeyCredential)) throw new ServerError(FAILED);
  return json(finishUrl, { ...fields, credential: credential.toJSON() });
}

/**
 * Shows the errors of single fields beside them.
 * @param {HTMLFormElement} form
 * @param {{field: string, message: string}[]} errors
 */
function showFieldErrors(form, errors) {
  for (const input of form.querySelectorAll("input[name]")) {
    const found = errors.find((error) => error.field === input.getAttribute("name"));
    const place = form.querySelector(`[data-error-for="${CSS.escape(input.getAttribute("name") ?? "")}"]`);
    input.classList.toggle("is-invalid", Boolean(found));
    if (found) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (place) place.textContent = found?.message ?? "";
  }
  const first = form.querySelector("input.is-invalid");
  if (first instanceof HTMLElement) first.focus();
}

/**
 * Wires one form. `done` receives the server's last answer.
 * @param {HTMLFormElement} form
 * @param {(answer: any) => void} done
 */
export function wire(form, done) {
  const kind = form.dataset.passkey === "create" ? "create" : "get";
  const button = form.querySelector("button[type=submit]");
  const message = form.querySelector("[data-message]");
  const say = (text, tone) => {
    if (!message) return;
    message.textContent = text;
    message.className = tone === "bad" ? "form-message form-message-bad" : "form-message";
  };
  if (!supported()) {
    if (button instanceof HTMLButtonElement) button.disabled = true;
    say(UNSUPPORTED, "bad");
    form.addEventListener("submit", (event) => event.preventDefault());
    return;
  }
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    button?.setAttribute("aria-busy", "true");
    showFieldErrors(form, []);
    say("Aguarde…", "");
    const fields = Object.fromEntries(
      [...new FormData(form)].filter(([, value]) => typeof value === "string"),
    );
    try {
      const answer = await ceremony(kind, form.dataset.options ?? "", form.dataset.finish ?? "", /** @type {Record<string, string>} */ (fields), () =>
        say("Confirme no seu dispositivo: digital, rosto, PIN ou chave de segurança.", ""));
      say("Tudo certo. Abrindo…", "");
      done(answer);
    } catch (error) {
      say(explain(error, kind), "bad");
      if (error instanceof ServerError && error.fields.length > 0) {
        showFieldErrors(form, error.fields);
        say("Confira os campos marcados.", "bad");
      }
    } finally {
      busy = false;
      button?.removeAttribute("aria-busy");
    }
  });
}
