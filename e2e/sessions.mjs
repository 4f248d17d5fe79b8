// Sessions: where they are open, the limit, the idle lock that keeps what was being written, and lock-out.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { authenticator } from "./lib/authenticator.mjs";
import { composer, createAccount, keepCodes, newConversation, onboard, send, signOut } from "./lib/doctor.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";
import { totp } from "./lib/totp.mjs";

const DOCTOR = { name: "Dra. Célia Montenegro Paz", email: "celia.paz@consultorio.example" };
const UNSENT = "Paciente Ondina Farias refere dor há 3 dias; retorno amanhã.";

const count = async (table, where) => (await sql(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0].n;
const lockDialog = (page) => page.getByRole("dialog", { name: "Sessão bloqueada" });
const cookie = async (page) => (await page.context().cookies(ORIGIN)).find(({ name }) => name === "__Host-sigilo")?.value;

/** What opening a laptop again does: the page looks at its session's clock. */
const wake = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

/** Lets the idle time of every session pass. */
const idle = () => sql("UPDATE auth.sessions SET idle_until = now() - interval '1 second' WHERE ended_at IS NULL RETURNING id");

await journey(async () => {
  const page = await device();
  const key = await authenticator(page);
  // The doctor's devices share one passkey. Its counter must only ever grow, or it counts as a copy.
  let passkey;

  async function withPasskey(device, act) {
    await device.hold(passkey);
    await act();
    [passkey] = await device.credentials();
  }
  async function signIn(on, device, expected = "**/conversas") {
    await on.goto(`${ORIGIN}/entrar`);
    await withPasskey(device, async () => {
      await on.getByRole("button", { name: "Entrar com chave de acesso" }).click();
      if (expected) await on.waitForURL(expected);
    });
  }
  async function anotherDevice() {
    const other = await device();
    await signIn(other, await authenticator(other));
    return other;
  }

  let secret = "";
  await step("a doctor with a passkey adds an authenticator app", async () => {
    await createAccount(page, DOCTOR);
    await keepCodes(page);
    await onboard(page, { crm: "90210", state: "RS" });
    [passkey] = await key.credentials();
    await page.goto(`${ORIGIN}/account`);
    await page.getByRole("button", { name: "Adicionar aplicativo autenticador" }).click();
    secret = await page.locator(".secret").innerText();
    await look(page, "conta-aplicativo");
    await page.getByLabel("Código que o aplicativo mostra").fill(totp(secret));
    await page.getByRole("button", { name: "Confirmar aplicativo" }).click();
    await page.waitForURL(/\/account(#seguranca)?$/);
    await page.getByRole("heading", { name: /Aplicativo autenticador/ }).waitFor();
    // As if a minute had passed, so that the app shows a new code.
    await sql("UPDATE auth.totp SET last_step = last_step - 2 RETURNING id");
  });

  await step("factors come and go, but the last one stays", async () => {
    const add = async (name) => {
      await page.getByLabel("Nova chave de acesso").fill(name);
      await page.getByRole("button", { name: "Adicionar chave" }).click();
    };
    await add("Notebook");
    await page.getByText("Este dispositivo já tem uma chave cadastrada").waitFor();
    await key.hold();
    await add("Notebook");
    await page.getByRole("heading", { name: "Notebook" }).waitFor();
    await page.getByRole("button", { name: "Remover Notebook" }).click();
    await page.getByRole("heading", { name: "Notebook" }).waitFor({ state: "detached" });
    await key.hold(passkey);
    await page.getByRole("button", { name: "Remover Chave de acesso" }).click();
    await page.getByRole("alert").waitFor();
    await look(page, "conta-ultimo-fator");
    assert.equal(await count("auth.passkeys", "true"), 1, "the app alone would not let them back in");

    await page.getByRole("button", { name: "Gerar novos códigos de recuperação" }).click();
    await page.getByRole("heading", { name: /códigos de recuperação/i }).waitFor();
    await look(page, "conta-codigos");
    await keepCodes(page);
    await page.getByText("Restam 10 códigos").waitFor();
    assert.equal(await count("auth.recovery_codes", "used_at IS NULL"), 10);
  }, { refusals: [409] });

  await step("sessions are listed and ended from elsewhere", async () => {
    const other = await anotherDevice();
    await page.goto(`${ORIGIN}/account`);
    const end = page.getByRole("button", { name: /^Encerrar sessão/ });
    assert.equal(await end.count(), 1);
    await look(page, "conta-sessoes", KEY);
    await end.click();
    await page.waitForURL(/\/account/);
    await until("it is gone from the list", async () => (await end.count()) === 0);
    // The open page of the other device notices by itself.
    await wake(other);
    await other.getByRole("dialog", { name: "Sessão encerrada" }).waitFor();
    await look(other, "sessao-encerrada");
    await other.goto(`${ORIGIN}/conversas`);
    await other.waitForURL("**/entrar");
    assert.equal(await count("auth.sessions", "ended_reason = 'revoked'"), 1);
    await other.context().close();
  });

  await step("above the limit the oldest session ends", async () => {
    const others = [];
    for (let n = 0; n < 3; n += 1) others.push(await anotherDevice());
    assert.equal(await count("auth.sessions", "ended_at IS NULL"), 3);
    assert.equal(await count("auth.sessions", "ended_reason = 'limit'"), 1);
    await page.goto(`${ORIGIN}/conversas`);
    await page.waitForURL("**/entrar");
    await signIn(page, key);
    await page.goto(`${ORIGIN}/account`);
    await page.getByRole("button", { name: "Encerrar as outras" }).click();
    await page.getByRole("button", { name: "Encerrar as outras" }).waitFor({ state: "detached" });
    assert.equal(await count("auth.sessions", "ended_at IS NULL"), 1);
    for (const other of others) await other.context().close();
  });

  await step("before it locks, the page asks", async () => {
    await newConversation(page);
    await composer(page).fill(UNSENT);
    await sql(`UPDATE auth.sessions SET last_seen_at = now() - interval '14 minutes', idle_until = now() + interval '1 minute'
                WHERE ended_at IS NULL RETURNING id`);
    await wake(page);
    const warning = page.getByRole("dialog", { name: "Ainda está aí?" });
    await warning.waitFor();
    await look(page, "aviso-inatividade", KEY);
    await page.getByRole("button", { name: "Continuar conectado" }).click();
    await warning.waitFor({ state: "hidden" });
    assert.equal(await count("auth.sessions", "ended_at IS NULL AND idle_until > now() + interval '10 minutes'"), 1);
  });

  await step("idle, it hides everything; the passkey brings the text back", async () => {
    const before = await cookie(page);
    await idle();
    await wake(page);
    await lockDialog(page).waitFor();
    assert.equal(await composer(page).isVisible(), false);
    assert.equal((await page.locator("body").innerText()).includes("Ondina"), false);
    assert.match(await page.title(), /^Sessão bloqueada/);
    await look(page, "bloqueio", KEY);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    // A browser may close a dialog on the second Escape; it comes back, and the page stays hidden behind it.
    await lockDialog(page).waitFor();
    assert.equal(await composer(page).isVisible(), false);
    // Behind the lock nothing answers.
    const status = await page.evaluate(async () => {
      const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
      return [answer.status, answer.headers.get("X-Sigilo-Sessao")];
    });
    assert.deepEqual(status, [401, "bloqueada"]);
    await withPasskey(key, async () => {
      await page.getByRole("button", { name: "Desbloquear com chave de acesso" }).click();
      await lockDialog(page).waitFor({ state: "hidden" });
    });
    assert.equal(await composer(page).inputValue(), UNSENT);
    assert.equal(await composer(page).isVisible(), true);
    assert.notEqual(await cookie(page), before, "the token changes");
    assert.equal(await count("access_logs", "action = 'unlock' AND success"), 1);
  }, { refusals: [401] });

  await step("a code of the app unlocks too, once", async () => {
    await idle();
    await wake(page);
    await lockDialog(page).waitFor();
    const unlock = async (code) => {
      await page.getByLabel("Código do aplicativo ou de recuperação").fill(code);
      await page.getByRole("button", { name: "Desbloquear", exact: true }).click();
    };
    await unlock("000000");
    await lockDialog(page).getByRole("alert").filter({ hasText: /./ }).filter({ hasNotText: "Verificando" }).waitFor();
    const code = totp(secret);
    await unlock(code);
    await lockDialog(page).waitFor({ state: "hidden" });
    assert.equal(await composer(page).inputValue(), UNSENT);

    await idle();
    await wake(page);
    await lockDialog(page).waitFor();
    await unlock(code);
    await lockDialog(page).getByRole("alert").filter({ hasText: "Não foi possível" }).waitFor();
    await look(page, "bloqueio-recusado");
    await unlock(totp(secret, 1));
    await lockDialog(page).waitFor({ state: "hidden" });
    await send(page);
    assert.equal(await count("messages", "role = 'user' AND content NOT LIKE '%Ondina%'"), 1);
  }, { refusals: [401] });

  await step("a page asked for while locked is the lock itself", async () => {
    await idle();
    const answer = await page.reload();
    assert.equal(answer.status(), 401);
    await lockDialog(page).waitFor();
    await look(page, "pagina-bloqueada");
    await withPasskey(key, async () => {
      await page.getByRole("button", { name: "Desbloquear com chave de acesso" }).click();
      await page.getByRole("article").waitFor();
    });
  }, { refusals: [401] });

  await step("too many wrong codes end the session and lock the account", async () => {
    await idle();
    await wake(page);
    await lockDialog(page).waitFor();
    const field = page.getByLabel("Código do aplicativo ou de recuperação");
    for (let n = 0; n < 5; n += 1) {
      await field.fill(`00000${n}`);
      const answered = page.waitForResponse(/desbloquear\/codigo/);
      await page.getByRole("button", { name: "Desbloquear", exact: true }).click();
      assert.equal((await answered).status(), 401);
    }
    assert.equal(await count("auth.sessions", "ended_reason = 'unlock_failures'"), 1);
    assert.equal(await count("auth.users", "locked_until > now()"), 1);
    await wake(page);
    await page.getByRole("dialog", { name: "Sessão encerrada" }).waitFor();
    await page.getByRole("link", { name: "Entrar", exact: true }).click();
    await page.waitForURL("**/entrar");
    await signIn(page, key, null);
    await page.getByText("tentativas demais").waitFor();
    await look(page, "conta-bloqueada");
    await sql("UPDATE auth.users SET locked_until = NULL RETURNING id");
    await signIn(page, key);
  }, { refusals: [401, 429] });

  await step("the accesses are told to their owner", async () => {
    await page.goto(`${ORIGIN}/account`);
    const table = page.getByRole("region", { name: "Tabela de acessos recentes" });
    for (const what of ["Entrada", "Desbloqueio", "sem sucesso", "desbloqueio não confirmado"]) await table.getByText(what).first().waitFor();
    for (const code of ["_", "unlock_wrong", "session_ended"]) {
      assert.ok(!(await table.innerText()).includes(code), `“${code}” is not a word of Portuguese`);
    }
    await look(page, "conta-acessos");
    await signOut(page);
  });

  await step("every act of it is in the log", async () => {
    const rows = await sql(
      `SELECT action, success, count(*)::int AS n, bool_and(host(ip_address) <> '' AND user_agent LIKE '%Chrome%') AS origin,
              bool_and(session_duration_seconds IS NOT NULL) AS duration, array_agg(DISTINCT failure_reason) AS reasons
         FROM access_logs GROUP BY action, success ORDER BY action, success`,
    );
    const row = (action) => rows.find((one) => one.action === action);
    for (const one of rows) assert.ok(one.origin, JSON.stringify(one));
    assert.equal(row("login").n, 7);
    assert.ok(row("logout").n === 1 && row("logout").duration);
    assert.ok(row("session_ended").duration);
    assert.ok(row("failed_login").n >= 7 && !row("failed_login").success);
    assert.deepEqual(row("failed_login").reasons, ["account_locked", "unlock_wrong"], "also the try at the locked account");
  });
});
