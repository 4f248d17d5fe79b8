// The onboarding: professional data, four separate consents, and taking them back.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { authenticator } from "./lib/authenticator.mjs";
import { CONSENTS, composer, createAccount, keepCodes, newConversation, send } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const DOCTOR = { name: "Dr. Saulo Brandão Neri", email: "saulo.neri@consultorio.example" };
const box = (page, kind) => page.getByRole("checkbox", { name: CONSENTS[kind] });

await journey(async () => {
  const page = await device();
  await authenticator(page);

  await step("an account leads to the onboarding", async () => {
    await createAccount(page, DOCTOR);
    await keepCodes(page);
    await page.waitForURL("**/boas-vindas");
    assert.equal(await page.getByLabel("Nome completo").inputValue(), DOCTOR.name);
  });

  await step("no consent comes ticked", async () => {
    const boxes = page.getByRole("checkbox");
    assert.equal(await boxes.count(), 4);
    for (const one of await boxes.all()) assert.equal(await one.isChecked(), false);
  });

  await step("what is wrong is said at its field and nothing typed is lost", async () => {
    await page.getByLabel("Nome completo").fill("Saulo Brandão Neri Filho");
    await page.getByLabel("Número do CRM").fill("12A45");
    await page.getByLabel("UF do CRM").selectOption("MG");
    await page.getByLabel("Especialidade").selectOption({ label: "Cardiologia" });
    await box(page, "terms_of_service").check();
    await page.getByRole("button", { name: "Concluir cadastro" }).click();
    const summary = page.getByRole("alert");
    await summary.waitFor();
    assert.equal(await summary.getByRole("link").count(), 2, "the number and one required consent");
    assert.equal(await page.getByLabel("Nome completo").inputValue(), "Saulo Brandão Neri Filho");
    assert.equal(await page.getByLabel("Número do CRM").inputValue(), "12A45");
    assert.equal(await page.getByLabel("Número do CRM").getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByLabel("UF do CRM").inputValue(), "MG");
    assert.equal(await page.getByLabel("Especialidade").inputValue(), "Cardiologia");
    assert.equal(await box(page, "terms_of_service").isChecked(), true);
    assert.equal(await box(page, "data_processing").getAttribute("aria-invalid"), "true");
    assert.equal(await box(page, "ai_processing").isChecked(), false);
    await look(page, "boas-vindas-erros", KEY);
    await summary.getByRole("link").first().click();
    assert.equal(await page.getByLabel("Número do CRM").evaluate((field) => field === document.activeElement), true);
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM consent_records");
    assert.equal(n, 0, "nothing is recorded until all is right");
  }, { refusals: [422] });

  await step("four consents are four records", async () => {
    await page.getByLabel("Número do CRM").fill("12345");
    for (const kind of Object.keys(CONSENTS)) await box(page, kind).check();
    await page.getByRole("button", { name: "Concluir cadastro" }).click();
    await page.waitForURL("**/conversas");
    const rows = await sql(
      `SELECT consent_type, granted, consent_version <> '' AS version, legal_basis <> '' AS basis,
              granted_at > now() - interval '5 minutes' AS at, host(ip_address) IS NOT NULL AS ip,
              user_agent LIKE '%Chrome%' AS browser, consent_text_hash ~ '^[0-9a-f]{64}$' AS text
         FROM consent_records ORDER BY consent_type`,
    );
    assert.deepEqual(rows.map((row) => row.consent_type), Object.keys(CONSENTS).sort());
    for (const row of rows) {
      const { consent_type: _, ...rest } = row;
      assert.ok(Object.values(rest).every((value) => value === true), JSON.stringify(row));
    }
    const [profile] = await sql("SELECT full_name, crm_number, crm_state, council_validation FROM profiles");
    assert.deepEqual(profile, {
      full_name: "Saulo Brandão Neri Filho", crm_number: "12345", crm_state: "MG", council_validation: "format_ok",
    });
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM audit_logs WHERE action = 'consent_granted'");
    assert.equal(n, 4);
  });

  await step("a finished onboarding is not asked again", async () => {
    await page.goto(`${ORIGIN}/boas-vindas`);
    await page.waitForURL("**/conversas");
  });

  await step("a consent is taken back as easily as it was given", async () => {
    await newConversation(page);
    await composer(page).waitFor();
    await page.goto(`${ORIGIN}/account`);
    await look(page, "conta", KEY);
    await page.getByRole("button", { name: `Revogar ${CONSENTS.ai_processing}` }).click();
    await page.getByRole("button", { name: `Conceder ${CONSENTS.ai_processing}` }).waitFor();
    await look(page, "conta-revogado");
    const [row] = await sql(
      "SELECT granted, withdrawn_at IS NOT NULL AS at, status FROM consent_records WHERE consent_type = 'ai_processing'",
    );
    assert.deepEqual(row, { granted: false, at: true, status: "withdrawn" });
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM audit_logs WHERE action = 'consent_revoked'");
    assert.equal(n, 1);
  });

  await step("without it the assistant is closed, and says why", async () => {
    await page.goto(`${ORIGIN}/conversas`);
    await page.getByRole("navigation", { name: "Lista de conversas" }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Envio de mensagens fechado" }).waitFor();
    assert.equal(await composer(page).count(), 0);
    await look(page, "conversa-fechada", KEY);
    // Whoever skips the page is refused all the same.
    const status = await page.evaluate(async () => {
      const body = new URLSearchParams({ text: "dor torácica" });
      const headers = { Accept: "application/json" };
      return (await fetch(`${location.pathname}/mensagens`, { method: "POST", headers, body })).status;
    });
    assert.equal(status, 403);
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM messages");
    assert.equal(n, 0);
  }, { refusals: [403] });

  await step("given again, it is a new record and the assistant opens", async () => {
    await page.getByRole("link", { name: "Ver consentimento" }).click();
    await page.getByRole("button", { name: `Conceder ${CONSENTS.ai_processing}` }).click();
    await page.getByRole("button", { name: `Revogar ${CONSENTS.ai_processing}` }).waitFor();
    const rows = await sql("SELECT granted FROM consent_records WHERE consent_type = 'ai_processing' ORDER BY granted_at");
    assert.deepEqual(rows.map((row) => row.granted), [false, true]);
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM audit_logs WHERE action = 'consent_granted'");
    assert.equal(n, 5);
    await page.goBack();
    await page.goto(`${ORIGIN}/conversas`);
    await page.getByRole("navigation", { name: "Lista de conversas" }).getByRole("link").first().click();
    await composer(page).fill("Paciente de 40 anos com cefaleia.");
    await send(page);
  });
});
