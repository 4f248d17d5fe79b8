// What a doctor does in every journey.
import assert from "node:assert/strict";
import { ORIGIN } from "./journey.mjs";

/**
 * Opens an account with a passkey and stops where the recovery codes are shown.
 * @param {import("playwright-core").Page} page
 * @param {{name: string, email: string}} person
 */
export async function createAccount(page, { name, email }) {
  await page.goto(`${ORIGIN}/criar-conta`);
  await page.getByLabel("Nome completo").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Criar chave de acesso" }).click();
  await page.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
}

/**
 * Keeps the recovery codes that are shown and goes on.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function keepCodes(page) {
  const codes = await page.locator("main ol").getByRole("listitem").allTextContents();
  assert.equal(codes.length, 10);
  await page.getByLabel(/Guardei os códigos/).check();
  await page.getByRole("link", { name: "Continuar" }).click();
  return codes.map((code) => code.trim());
}

export const CONSENTS = {
  terms_of_service: "Termos de uso",
  data_processing: "Tratamento dos meus dados pessoais",
  ai_processing: "Uso de inteligência artificial",
  image_processing: "Envio e processamento de imagens",
};

/**
 * Completes the onboarding with all four consents.
 * @param {import("playwright-core").Page} page
 * @param {{crm?: string, state?: string, specialty?: string}} [data]
 */
export async function onboard(page, { crm = "123456", state = "SP", specialty = "Clínica Médica" } = {}) {
  await page.waitForURL("**/boas-vindas");
  await page.getByLabel("Número do CRM").fill(crm);
  await page.getByLabel("UF do CRM").selectOption(state);
  await page.getByLabel("Especialidade").selectOption({ label: specialty });
  for (const title of Object.values(CONSENTS)) await page.getByRole("checkbox", { name: title }).check();
  await page.getByRole("button", { name: "Concluir cadastro" }).click();
  await page.waitForURL("**/conversas");
}

/** @param {import("playwright-core").Page} page */
export async function signOut(page) {
  await page.getByRole("button", { name: "Sair", exact: true }).click();
  await page.waitForURL("**/entrar");
}

/**
 * Starts a new conversation and waits for its composer.
 * @param {import("playwright-core").Page} page
 */
export async function newConversation(page) {
  await page.goto(`${ORIGIN}/conversas`);
  await page.getByRole("button", { name: "Nova conversa" }).first().click();
  await page.waitForURL(/\/conversas\/[0-9a-f-]{36}$/);
}

/** The field in which a message is written. */
export const composer = (page) => page.getByLabel("Mensagem", { exact: true });

/**
 * Sends what is in the composer and waits for its receipt.
 * @param {import("playwright-core").Page} page
 */
export async function send(page) {
  const before = await page.getByRole("article").count();
  await page.getByRole("button", { name: "Enviar" }).click();
  await page.getByRole("article").nth(before).waitFor();
}
