// Signing in with an OpenID provider, an authenticator app as the second factor, and recovery codes.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { authenticator } from "./lib/authenticator.mjs";
import { keepCodes, onboard, signOut } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { BUTTON, ISSUER, identify, provider } from "./lib/provider.mjs";
import { KEY, look } from "./lib/screen.mjs";
import { totp } from "./lib/totp.mjs";

async function start(page) {
  await page.goto(`${ORIGIN}/entrar`);
  await page.getByRole("link", { name: BUTTON }).click();
}

const count = async (table, where = "true") => (await sql(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0].n;

await journey(async () => {
  const page = await device();

  await step("a provider that is away leaves a clear page", async () => {
    await provider({ redirect: `${ORIGIN}/entrar/oidc/retorno`, down: "/" });
    await start(page);
    await page.getByRole("alert").filter({ hasText: /provedor de identidade/i }).waitFor();
    await look(page, "provedor-fora");
    await provider({ down: "" });
  }, { refusals: [503] });

  let secret = "";
  let codes = [];
  await step("the first sign-in makes the account and asks for a second factor", async () => {
    await start(page);
    await identify(page, "nina");
    await page.waitForURL("**/segundo-fator/cadastrar");
    await look(page, "segundo-fator-cadastrar", KEY);
    const [profile] = await sql("SELECT full_name, crm_number, crm_state, id FROM profiles");
    assert.deepEqual([profile.full_name, profile.crm_number, profile.crm_state], ["Nina Falcão Portela", "PENDENTE", "XX"]);
    assert.equal(await count("auth.users", `id = '${profile.id}' AND email_verified AND email_sealed IS NOT NULL`), 1);
    assert.equal(await count("auth.identities", `user_id = '${profile.id}' AND issuer = '${ISSUER}' AND subject = 'nina'`), 1);
    assert.equal(await count("audit_logs", "action = 'create' AND resource_type = 'profiles'"), 1);
    assert.equal(await count("access_logs", "action = 'login'"), 0, "not in yet");
  });

  await step("one factor opens nothing", async () => {
    await page.goto(`${ORIGIN}/conversas`);
    await page.waitForURL("**/entrar");
    await page.goto(`${ORIGIN}/segundo-fator/cadastrar`);
  });

  await step("the authenticator app is registered by its code", async () => {
    await page.locator("summary").filter({ hasText: "Aplicativo autenticador" }).click();
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    secret = await page.locator(".secret").innerText();
    await look(page, "segundo-fator-aplicativo");
    await page.getByLabel("Código que o aplicativo mostra").fill("000000");
    await page.getByRole("button", { name: "Confirmar aplicativo" }).click();
    await page.getByText("O código não confere").waitFor();
    await look(page, "segundo-fator-aplicativo-erro");
    assert.equal(await page.locator(".secret").innerText(), secret, "the app need not be set up again");
    await page.getByLabel("Código que o aplicativo mostra").fill(totp(secret));
    await page.getByRole("button", { name: "Confirmar aplicativo" }).click();
    await page.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
    codes = await keepCodes(page);
    await onboard(page, { crm: "7788", state: "BA" });
    assert.equal(await count("access_logs", "action = 'login' AND success AND ip_address IS NOT NULL AND user_agent <> ''"), 1);
  }, { refusals: [422] });

  await step("the second sign-in asks for a code, which works once", async () => {
    await signOut(page);
    await start(page);
    await page.waitForURL("**/segundo-fator");
    await look(page, "segundo-fator", KEY);
    const code = totp(secret, 1);
    await page.getByLabel("Código do aplicativo autenticador").fill(code);
    await page.getByRole("button", { name: "Confirmar" }).click();
    await page.waitForURL("**/conversas");

    await signOut(page);
    await start(page);
    await page.waitForURL("**/segundo-fator");
    await page.getByLabel("Código do aplicativo autenticador").fill(code);
    await page.getByRole("button", { name: "Confirmar" }).click();
    await page.getByRole("alert").filter({ hasText: "O código não confere" }).waitFor();
    await look(page, "segundo-fator-recusado");
  }, { refusals: [401] });

  await step("a recovery code works once", async () => {
    const useCode = async () => {
      await page.locator("summary").filter({ hasText: "Usar código de recuperação" }).click();
      await page.getByLabel("Código de recuperação").fill(codes[0].toLowerCase());
      await page.getByRole("button", { name: "Entrar com este código" }).click();
    };
    await useCode();
    await page.waitForURL("**/conversas");
    await signOut(page);
    await start(page);
    await page.waitForURL("**/segundo-fator");
    await useCode();
    await page.getByRole("alert").filter({ hasText: "O código não confere" }).waitFor();
    assert.equal(await count("auth.recovery_codes", "used_at IS NULL"), 9);
  }, { refusals: [401] });

  await step("a callback works once", async () => {
    const other = await device();
    let callback = "";
    other.on("request", (request) => {
      if (request.url().includes("/entrar/oidc/retorno")) callback = request.url();
    });
    await start(other);
    await other.waitForURL(`${ISSUER}/**`);
    const pending = await other.context().cookies(ORIGIN);
    assert.equal(pending.length, 1);
    await identify(other, "nina");
    await other.waitForURL("**/segundo-fator");
    await other.context().addCookies(pending);
    const again = await other.goto(callback);
    assert.equal(again.status(), 410);
    await other.getByRole("alert").filter({ hasText: /expirou ou já foi usado/ }).waitFor();
    await look(other, "retorno-repetido");

    await other.context().clearCookies();
    const alone = await other.goto(callback);
    assert.equal(alone.status(), 410, "from another browser it is worth nothing");
    await other.context().close();
  }, { refusals: [410] });

  await step("a forged state is refused", async () => {
    const other = await device();
    await start(other);
    await other.waitForURL(`${ISSUER}/**`);
    const forged = await other.goto(`${ORIGIN}/entrar/oidc/retorno?code=forged&state=forged`);
    assert.equal(forged.status(), 401);
    await other.getByRole("alert").filter({ hasText: /Não foi possível/ }).waitFor();
    assert.equal(await count("access_logs", "failure_reason = 'oidc_state_mismatch' AND NOT success"), 1);
    await other.context().close();
  }, { refusals: [401] });

  await step("who gives up at the provider is told so", async () => {
    const other = await device();
    await start(other);
    await other.waitForURL(`${ISSUER}/**`);
    await other.getByRole("link", { name: "Cancel" }).click();
    await other.getByRole("alert").filter({ hasText: /Não foi possível/ }).waitFor();
    await other.context().close();
  }, { refusals: [401] });

  await step("one code sent twice at once lets one in", async () => {
    const other = await device();
    await start(other);
    await identify(other, "nina");
    await other.waitForURL("**/segundo-fator");
    // As if a minute had passed, so that the app shows a new code.
    await sql("UPDATE auth.totp SET last_step = last_step - 2 RETURNING id");
    const before = await count("auth.sessions");
    await other.evaluate(async (code) => {
      const send = () => fetch("/segundo-fator/codigo", { method: "POST", body: new URLSearchParams({ code }), redirect: "manual" });
      await Promise.all([send(), send(), send()]);
    }, totp(secret));
    assert.equal(await count("auth.sessions"), before + 1);
    await other.goto(`${ORIGIN}/conversas`);
    assert.equal(new URL(other.url()).pathname, "/conversas");
    await other.context().close();
  }, { refusals: [401] });

  await step("an e-mail the provider has not confirmed opens no account", async () => {
    const other = await device();
    await start(other);
    await identify(other, "rui");
    await other.getByRole("alert").filter({ hasText: "não confirmou o seu e-mail" }).waitFor();
    await look(other, "email-sem-confirmar");
    assert.equal(await count("auth.users"), 1);
    await other.context().close();
  }, { refusals: [403] });

  await step("a passkey can be the second factor", async () => {
    const other = await device();
    await authenticator(other);
    await start(other);
    await identify(other, "lia");
    await other.waitForURL("**/segundo-fator/cadastrar");
    await other.getByRole("button", { name: "Criar chave neste dispositivo" }).click();
    await other.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
    await keepCodes(other);
    await other.waitForURL("**/boas-vindas");
    await signOut(other);
    await start(other);
    await other.waitForURL("**/segundo-fator");
    assert.equal(await other.getByLabel("Código do aplicativo autenticador").count(), 0, "there is no app");
    await look(other, "segundo-fator-chave");
    await other.getByRole("button", { name: "Usar chave de acesso" }).click();
    await other.waitForURL("**/boas-vindas");
    assert.equal(await count("auth.sessions", "method = 'oidc+passkey'"), 2);
    await other.context().close();
  });

  await step("a provider that fails half-way leaves a clear page", async () => {
    const other = await device();
    await provider({ down: "/token" });
    await start(other);
    await identify(other, "nina");
    await other.getByRole("alert").filter({ hasText: /provedor de identidade/i }).waitFor();
    await provider({ down: "" });
    await other.getByRole("link", { name: BUTTON }).click();
    await other.waitForURL("**/segundo-fator");
    await other.context().close();
  }, { refusals: [503] });
});
