// Talking to the server from a module: JSON both ways, and one kind of error with a sentence that
// may be shown.

/** An answer other than success. `message` is a Portuguese sentence meant for the person. */
export class ServerError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 when the server could not be reached
   * @param {{field: string, message: string}[]} fields
   */
  constructor(message, status = 0, fields = []) {
    super(message);
    this.status = status;
    this.fields = fields;
    this.locked = false;
  }
}

const OFFLINE = "Sem resposta do servidor. Verifique sua conexão e tente de novo.";
const UNKNOWN = "Algo deu errado. Tente de novo em instantes.";

/**
 * Sends JSON and reads JSON.
 * @param {string} url
 * @param {unknown} [body] absent for a GET
 * @param {{signal?: AbortSignal, method?: string}} [options]
 * @returns {Promise<any>}
 */
export async function json(url, body, options = {}) {
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: body === undefined
        ? { Accept: "application/json" }
        : { Accept: "application/json", "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: options.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServerError(OFFLINE);
  }
  const type = response.headers.get("Content-Type") ?? "";
  const answer = type.includes("json") ? await response.json().catch(() => null) : null;
  if (response.ok) return answer;
  const error = new ServerError(answer?.detail ?? UNKNOWN, response.status, answer?.errors ?? []);
  error.locked = response.headers.get("X-Sigilo-Sessao") === "bloqueada";
  // idle.js then looks at the clock and shows the lock.
  if (error.locked) document.dispatchEvent(new CustomEvent("sigilo:locked"));
  throw error;
}
