// An invited colleague who uses the clinic's provider: the invitation binds the two, and only the invitation can.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { keepCodes } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { BUTTON, ISSUER, identify, provider } from "./lib/provider.mjs";
import { look } from "./lib/screen.mjs";
import { totp } from "./lib/totp.mjs";

const LINK = process.env.SIGILO_E2E_LINK;

await journey(async () => {
  const page = await device();
  await provider({ redirect: `${ORIGIN}/entrar/oidc/retorno` });

  await step("without an invitation the provider's word opens nothing", async () => {
    const stranger = await device();
    await stranger.goto(`${ORIGIN}/entrar`);
    await stranger.getByRole("link", { name: BUTTON }).click();
    await identify(stranger, "lia");
    await stranger.getByRole("alert").filter({ hasText: /convidadas/ }).waitFor();
    assert.deepEqual(await sql("SELECT id FROM auth.identities"), []);
  }, { refusals: [403] });

  await step("the invitation offers the provider and binds its account", async () => {
    await page.goto(LINK);
    await page.getByRole("button", { name: "Continuar" }).click();
    await page.waitForURL("**/segundo-fator/cadastrar");
    await look(page, "convite-provedor");
    await page.getByRole("link", { name: BUTTON }).click();
    await identify(page, "nina");
    await page.waitForURL("**/segundo-fator/cadastrar");
    const [bound] = await sql("SELECT i.issuer, i.subject, m.display_name FROM auth.identities i JOIN members m USING (user_id)");
    assert.deepEqual(bound, { issuer: ISSUER, subject: "nina", display_name: "Dr. Ivo Tenório Braga" });
    assert.equal((await sql("SELECT id FROM auth.users")).length, 1, "no second account");
  });

  await step("then an app is enough, since the provider brings them back", async () => {
    await page.locator("summary").filter({ hasText: "Aplicativo autenticador" }).click();
    const secret = await page.locator(".secret").innerText();
    await page.getByLabel("Código que o aplicativo mostra").fill(totp(secret));
    await page.getByRole("button", { name: "Confirmar aplicativo" }).click();
    await page.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
    await keepCodes(page);
    await page.waitForURL("**/boas-vindas");
  });
});
