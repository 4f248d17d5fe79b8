// Asking the assistant, and steering the stand-ins that the Rust test put in the place of the model and of PubMed.
import assert from "node:assert/strict";
import { composer } from "./doctor.mjs";
import { sql, until } from "./link.mjs";

const LLM = process.env.SIGILO_E2E_LLM;
const PUBMED = process.env.SIGILO_E2E_PUBMED;

/** The sentence that stands under every answer, whatever the model writes. */
export const DISCLAIMER = "Esta é uma ferramenta de SUPORTE — o diagnóstico final é responsabilidade exclusiva do médico.";

/** A note that nothing has to be removed from. */
export const NOTE = "Homem, 62 anos. Febre há 3 dias, tosse produtiva, dispneia, PA 85x50, FC 124, SatO2 89%, confusão desde ontem.";

/** The answers on the page, in order. */
export const answers = (page) => page.getByRole("region", { name: "Resposta do assistente" });

/** Why an answer did not come whole. */
export const failure = (page, sentence) => page.locator(".answer-failure").filter({ hasText: sentence });

/**
 * Sends a note; gives the place of its answer.
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
export async function ask(page, text) {
  const before = await answers(page).count();
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Enviar" }).click();
  const answer = answers(page).nth(before);
  await answer.waitFor();
  return answer;
}

/** Sends a note whose answer may be gone before anybody looks. */
export async function askInVain(page, text) {
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Enviar" }).click();
  await page.getByRole("article").filter({ hasText: text }).waitFor();
}

/** Waits until an answer stands as it stays. */
export async function finished(answer) {
  await answer.getByRole("button", { name: "Registro para o prontuário" }).waitFor();
}

/**
 * Keeps every text that elements of this kind ever had: what is over before a test looks again.
 * @returns {Promise<() => Promise<string[]>>}
 */
export async function witness(page, selector) {
  await page.evaluate((selector) => {
    const seen = new Set();
    const note = () => {
      for (const element of document.querySelectorAll(selector)) seen.add(element.textContent.trim());
    };
    new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
    window.sigiloSeen = { ...window.sigiloSeen, [selector]: seen };
  }, selector);
  return () => page.evaluate((selector) => [...window.sigiloSeen[selector]], selector);
}

/** Lets an answer go on that the model holds back. */
export async function release() {
  assert.equal((await fetch(`${LLM}/_standin/release`, { method: "POST" })).status, 204);
}

/** What the model was asked so far, oldest first; without the bodies. */
export const asked = async () => (await fetch(`${LLM}/_standin/requests`)).json();

/** Waits until the last request to the model was given up by Sigilo. */
export const hungUp = () => until("the request to the model is given up", async () => (await asked()).at(-1)?.closed_early);

/** Changes how PubMed behaves: `nenhuma` or the name of a fault. */
export async function pubmed(fault) {
  assert.ok((await fetch(`${PUBMED}/_falha/${fault}`, { method: "POST" })).ok, fault);
}

/** The last stored answer, or nothing. */
export async function lastAnswer() {
  const [row] = await sql(`SELECT m.content, a.state, a.question_id, l.* FROM explainability_logs l
      JOIN messages m ON m.id = l.message_id JOIN ai_answers a ON a.message_id = l.message_id
      ORDER BY l.created_at DESC LIMIT 1`);
  return row;
}

/** How many rows. */
export const count = async (table, where = "true") => (await sql(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0].n;

/** Every link of an answer that leaves the site must lead to PubMed, and nothing in it may run or load. */
export async function harmless(answer) {
  const found = await answer.evaluate((section) => ({
    links: [...section.querySelectorAll("a[href]")].map((link) => link.href).filter((href) => new URL(href).origin !== location.origin),
    bad: section.querySelectorAll("script, img, iframe, object, embed, link, style, base, meta, video, audio, svg image, [onerror], [onload], [onclick], [style]").length,
  }));
  for (const link of found.links) assert.equal(new URL(link).origin, "https://pubmed.ncbi.nlm.nih.gov", link);
  assert.equal(found.bad, 0, "nothing in an answer runs or loads");
  return found.links;
}
