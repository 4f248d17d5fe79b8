// An invited colleague: the link of `sigilo user invite`, a passkey of their own, and the clinic they were asked into.
import assert from "node:assert/strict";
import { device, journey, step } from "./lib/journey.mjs";
import { authenticator } from "./lib/authenticator.mjs";
import { keepCodes, onboard, signOut } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { look } from "./lib/screen.mjs";

const LINK = process.env.SIGILO_E2E_LINK;

await journey(async () => {
  const page = await device();
  await authenticator(page);

  await step("an installation for invited people opens no accounts", async () => {
    await page.goto(new URL("/entrar", LINK).href);
    assert.equal(await page.getByRole("link", { name: "Criar conta" }).count(), 0);
    const answer = await page.goto(new URL("/criar-conta", LINK).href);
    assert.equal(answer.status(), 404);
  }, { refusals: [404] });

  await step("the link leads to a passkey, not straight in", async () => {
    await page.goto(LINK);
    await page.getByRole("heading", { name: "Olá, Dr. Ivo Tenório Braga" }).waitFor();
    await page.getByRole("button", { name: "Continuar" }).click();
    await page.waitForURL("**/segundo-fator/cadastrar");
    // Without a provider an app alone could not bring them back.
    assert.equal(await page.getByText("Aplicativo autenticador").count(), 0);
    await look(page, "convite-chave");
    assert.deepEqual(await sql("SELECT id FROM auth.sessions"), []);
    await page.getByRole("button", { name: "Criar chave neste dispositivo" }).click();
    await page.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
    await keepCodes(page);
    await onboard(page, { crm: "31415", state: "CE" });
  });

  await step("they belong to the clinic they were asked into", async () => {
    const members = await sql("SELECT c.name, m.roles FROM members m JOIN clinics c ON c.id = m.clinic_id");
    assert.deepEqual(members, [{ name: "Clínica do Convite", roles: ["professional"] }]);
  });

  await step("the link is used up and the passkey signs in", async () => {
    await signOut(page);
    const answer = await page.goto(LINK);
    assert.equal(answer.status(), 410);
    await page.getByRole("button", { name: "Entrar com chave de acesso" }).click();
    await page.waitForURL("**/conversas");
  }, { refusals: [410] });
});
