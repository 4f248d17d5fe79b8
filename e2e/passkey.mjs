// A new doctor without a provider: account with a passkey, recovery codes, onboarding, out and in again.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { authenticator } from "./lib/authenticator.mjs";
import { createAccount, keepCodes, onboard, signOut } from "./lib/doctor.mjs";
import { KEY, look } from "./lib/screen.mjs";

const DOCTOR = { name: "Dra. Irene Salgado Fontes", email: "irene.fontes@consultorio.example" };

await journey(async () => {
  const page = await device();
  const key = await authenticator(page);

  await step("the first page asks to sign in", async () => {
    await page.goto(ORIGIN);
    await page.waitForURL("**/entrar");
    await look(page, "entrar", KEY);
    assert.equal(await page.getByLabel(/senha/i).count(), 0, "there is no password");
  });

  await step("the theme is the person's choice and is remembered", async () => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.bsTheme);
    const toggle = page.getByRole("button", { name: "Alternar tema claro e escuro" });
    assert.equal(await theme(), "light");
    await toggle.click();
    assert.equal(await theme(), "dark");
    await page.reload();
    assert.equal(await theme(), "dark");
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), ["sigilo-tema"]);
    await page.evaluate(() => localStorage.clear());
    await page.reload();
  });

  await step("an empty form says what is missing", async () => {
    await page.getByRole("link", { name: "Criar conta" }).click();
    await page.getByRole("heading", { name: "Criar conta" }).waitFor();
    await look(page, "criar-conta", KEY);
    await page.getByRole("button", { name: "Criar chave de acesso" }).click();
    await page.getByText("Confira os campos marcados.").waitFor();
    await page.getByLabel("Nome completo").and(page.locator("[aria-invalid=true]")).waitFor();
    await look(page, "criar-conta-erros");
  }, { refusals: [422] });

  await step("a device without PIN or finger is refused with a reason", async () => {
    await key.verify(false);
    await page.getByLabel("Nome completo").fill(DOCTOR.name);
    await page.getByLabel("E-mail").fill(DOCTOR.email);
    await page.getByRole("button", { name: "Criar chave de acesso" }).click();
    await page.getByText("A criação da chave foi cancelada").waitFor();
    assert.deepEqual(await key.credentials(), []);
    await key.verify(true);
  });

  await step("the account opens with a passkey", async () => {
    await createAccount(page, DOCTOR);
    await look(page, "codigos", KEY);
    await page.getByRole("link", { name: "Continuar" }).click({ force: true });
    assert.match(page.url(), /criar-conta$/, "the codes must be kept before going on");
    const codes = await keepCodes(page);
    assert.equal(new Set(codes).size, 10);
    const [credential] = await key.credentials();
    assert.ok(credential.isResidentCredential, "found without typing a name");
  });

  await step("the onboarding comes first, wherever one goes", async () => {
    await page.goto(`${ORIGIN}/conversas`);
    await page.waitForURL("**/boas-vindas");
    await look(page, "boas-vindas", KEY);
    await onboard(page);
    await look(page, "conversas-vazio", KEY);
  });

  await step("signing out ends the session", async () => {
    const old = await page.context().cookies(ORIGIN);
    await signOut(page);
    assert.deepEqual(await page.context().cookies(ORIGIN), []);
    await page.context().addCookies(old);
    await page.goto(`${ORIGIN}/conversas`);
    await page.waitForURL("**/entrar");
    await page.context().clearCookies();
  });

  let answer = "";
  await step("the passkey signs in again", async () => {
    page.once("request", function sent(request) {
      if (request.url().endsWith("/entrar/chave")) answer = request.postData();
      else page.once("request", sent);
    });
    await page.getByRole("button", { name: "Entrar com chave de acesso" }).click();
    await page.waitForURL("**/conversas");
  });

  await step("its answer cannot be used a second time", async () => {
    const stranger = await device();
    await stranger.goto(`${ORIGIN}/entrar`);
    const post = (url, body) => stranger.evaluate(async ([url, body]) => {
      const headers = { "Content-Type": "application/json", Accept: "application/json" };
      return (await fetch(url, { method: "POST", headers, body })).status;
    }, [url, body]);
    assert.equal(await post("/entrar/chave", answer), 410, "no sign-in is going on");
    assert.equal(await post("/entrar/chave/opcoes", "{}"), 200);
    assert.equal(await post("/entrar/chave", answer), 401, "the challenge is another one");
    assert.equal(await post("/entrar/chave", answer), 410, "and is gone after one try");
    await stranger.goto(`${ORIGIN}/conversas`);
    await stranger.waitForURL("**/entrar");
    await stranger.context().close();
  }, { refusals: [401, 410] });

  await step("a person who is not recognised is told so", async () => {
    await signOut(page);
    await key.verify(false);
    await page.getByRole("button", { name: "Entrar com chave de acesso" }).click();
    await page.getByText("A verificação foi cancelada").waitFor();
    await look(page, "entrar-recusado");
  });
});
