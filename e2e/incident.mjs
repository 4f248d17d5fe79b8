// An incident from its registration to its end, a drill, a suspicion that becomes an incident, a canary, and the periods of
// a small agent. SIGILO_E2E_DPO is the DPO's link, _OWNER the owner's, _RECEPTION the front desk's.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_DPO, SIGILO_E2E_OWNER, SIGILO_E2E_RECEPTION } = process.env;
const HTML = '<img src=x onerror="document.title=1">';

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

/** As a browser's field has it, an hour ago in Brasília. */
const hourAgo = () => new Date(Date.now() - 4 * 3600_000).toISOString().slice(0, 16);

async function register(page, words) {
  await page.getByLabel("Tipo").selectOption({ label: "Senhas, chaves ou sessões comprometidas" });
  await page.getByLabel("Gravidade").selectOption({ label: "Alta" });
  await page.getByLabel("O que houve").fill(words);
  await page.getByLabel("Pessoas afetadas").fill("12");
  await page.getByLabel("Quando se soube").last().fill(hourAgo());
}

/** Ten wrong codes at the front desk's lock: five are looked at, five meet the locked account. */
async function burst(page) {
  const wrong = () => page.evaluate(async () => {
    const answer = await fetch("/sessao/desbloquear/codigo", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code: "000000" }),
    });
    return answer.status;
  });
  for (let attempt = 0; attempt < 10; attempt++) {
    // A session ends at its fifth failure.
    await sql("UPDATE auth.sessions SET unlock_failures = 0 RETURNING 1");
    assert.equal(await wrong(), attempt < 5 ? 401 : 429);
  }
  await sql("DELETE FROM auth.throttle RETURNING 1");
}

await journey(async () => {
  const dpo = await enter(SIGILO_E2E_DPO);
  const reception = await enter(SIGILO_E2E_RECEPTION);
  await step("a burst of failed sign-ins", () => burst(reception), { refusals: [401, 429] });
  await step("registered, with its clocks", async () => {
    await dpo.getByRole("link", { name: "Incidentes" }).click();
    await dpo.getByText("Nenhum incidente registrado.").waitFor();
    await dpo.getByRole("button", { name: "Registrar" }).click();
    await dpo.getByText("Escolha o tipo do incidente.").waitFor();
    await look(dpo, "incidentes");
    await register(dpo, `Um notebook com sessão aberta foi furtado. ${HTML}`);
    await dpo.getByRole("button", { name: "Registrar" }).click();
    await dpo.getByRole("heading", { name: "Comunicar a ANPD (3 dias úteis)" }).waitFor();
    await dpo.getByText("Faltam 9 dos 12 conteúdos").waitFor();
    assert.equal(await dpo.locator("main img").count(), 0);
    await look(dpo, "incidente", KEY);
  }, { refusals: [422] });

  await step("nothing is told before it is judged and whole", async () => {
    await dpo.getByRole("button", { name: "Registrar comunicação à ANPD" }).click();
    await dpo.getByRole("alert").getByText("Avalie o incidente").waitFor();
    await dpo.getByRole("radio", { name: "Sim" }).check();
    for (const field of await dpo.locator("textarea[name^=conteudo-]").all()) {
      if ((await field.inputValue()) === "") await field.fill("Texto da comunicação.");
    }
    await dpo.getByRole("button", { name: "Guardar" }).click();
    await dpo.getByText("Comunicável", { exact: true }).waitFor();
    assert.equal(await dpo.getByText(/dos 12 conteúdos/).count(), 0);
    await dpo.getByRole("link", { name: "Ver o comunicado" }).click();
    await dpo.getByText("Aos titulares (art. 9º)").waitFor();
    await look(dpo, "incidente-comunicado");
    await dpo.goBack();
    await dpo.getByRole("button", { name: "Registrar comunicação à ANPD" }).click();
    await dpo.getByRole("button", { name: "Registrar complemento" }).waitFor();
    await dpo.getByRole("button", { name: "Encerrar" }).click();
    await dpo.getByRole("alert").getByText("Falta comunicar").waitFor();
    await dpo.getByRole("button", { name: "Registrar aviso aos titulares" }).click();
    await dpo.getByRole("button", { name: "Registrar aviso aos titulares" }).waitFor({ state: "detached" });
    await dpo.getByRole("button", { name: "Encerrar" }).click();
    await dpo.getByText("Encerrado").waitFor();
    const [row] = await sql("SELECT reported_to_anpd, resolved_at IS NOT NULL AS resolved, is_simulation FROM security_incident_logs");
    assert.deepEqual(row, { reported_to_anpd: true, resolved: true, is_simulation: false });
  }, { refusals: [409] });

  await step("a drill says so everywhere", async () => {
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await register(dpo, "Treino: alguém deixou a tela aberta na recepção.");
    await dpo.getByLabel(/É uma simulação/).check();
    await dpo.getByRole("button", { name: "Registrar" }).click();
    await dpo.getByText("Simulado", { exact: true }).waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await dpo.getByText("Simulado", { exact: true }).waitFor();
    await look(dpo, "incidentes-lista", KEY);
  });

  await step("the burst has become a draft, and the draft an incident", async () => {
    const waiting = () => sql("SELECT event_count FROM incident_drafts WHERE rule = 'failed_sign_ins' AND status = 'open'");
    // The scheduler looks each minute.
    const [draft] = await until("a draft", async () => (await waiting()).length > 0 && waiting(), 90);
    assert.equal(draft.event_count, 10);
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await dpo.getByRole("heading", { name: "Muitas entradas recusadas" }).waitFor();
    await dpo.getByText("10 entradas recusadas").waitFor();
    await look(dpo, "suspeitas", KEY);
    for (const part of ["Provas", "É um incidente", "Não foi nada"]) await dpo.getByText(part, { exact: true }).click();
    await look(dpo, "suspeita-aberta", KEY);
    await dpo.getByRole("button", { name: "Descartar a suspeita" }).click();
    await dpo.getByRole("alert").getByText("Diga por que não foi um incidente").waitFor();
    const [incidents] = await sql("SELECT count(*)::int AS n FROM security_incident_logs");
    await dpo.getByText("Provas", { exact: true }).click();
    await dpo.getByRole("link", { name: /^access_logs/ }).first().click();
    await dpo.getByText("failed_login").first().waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await dpo.getByText("É um incidente", { exact: true }).click();
    await dpo.getByLabel("Quando se soube que afetou dados pessoais").first().fill(hourAgo());
    await dpo.getByRole("button", { name: "Registrar como incidente" }).click();
    await dpo.getByRole("heading", { name: "Senhas, chaves ou sessões comprometidas" }).waitFor();
    await dpo.getByText(/o sistema percebeu 10 ocorrências/).first().waitFor();
    await dpo.getByRole("heading", { name: "Comunicar a ANPD (3 dias úteis)" }).waitFor();
    const [after] = await sql("SELECT count(*)::int AS n FROM security_incident_logs");
    assert.equal(after.n, incidents.n + 1);
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await dpo.getByText("Nenhuma suspeita esperando decisão").waitFor();
  }, { refusals: [422] });

  await step("a canary is invented, shown once and retired", async () => {
    await dpo.getByRole("link", { name: "Pacientes-isca", exact: true }).click();
    await dpo.getByText("Nenhuma isca criada.").waitFor();
    await dpo.getByLabel("Onde ela vai ficar").fill(`Planilha da recepção ${HTML}`);
    await dpo.getByRole("button", { name: "Inventar um paciente" }).click();
    await dpo.getByText("isto aparece só esta vez").waitFor();
    assert.match(await dpo.locator(".canary-shown").nth(1).innerText(), /^999\.\d{3}\.\d{3}-\d\d$/);
    assert.equal(await dpo.locator("main img").count(), 0);
    await look(dpo, "isca-criada", KEY);
    await dpo.goto(`${ORIGIN}/conformidade/iscas`);
    await dpo.getByText("nunca vista").waitFor();
    assert.equal(await dpo.locator(".canary-shown").count(), 0);
    await dpo.getByRole("button", { name: /^Aposentar a isca/ }).click();
    await dpo.getByText("Aposentada").waitFor();
    await look(dpo, "iscas", KEY);
  });

  await step("the owner says that the clinic is a small agent", async () => {
    const owner = await enter(SIGILO_E2E_OWNER);
    await owner.goto(`${ORIGIN}/conformidade/incidentes`);
    await owner.getByText("A clínica é um agente de pequeno porte").click();
    await look(owner, "prazos-da-clinica", KEY);
    await owner.getByLabel("Por quê").last().fill("Parecer jurídico de 03/11/2026: sem larga escala.");
    await owner.getByRole("button", { name: "Declarar e usar o prazo em dobro" }).click();
    await owner.getByText("Prazo em dobro", { exact: true }).waitFor();
    await register(owner, "Treino: prazos de agente de pequeno porte.");
    await owner.getByLabel(/É uma simulação/).check();
    await owner.getByRole("button", { name: "Registrar" }).click();
    await owner.getByRole("heading", { name: "Complementar (40 dias úteis)" }).waitFor();
    await owner.getByLabel(/Pode atingir a integridade/).check();
    await owner.getByRole("button", { name: "Guardar" }).click();
    await owner.getByRole("heading", { name: "Complementar (20 dias úteis)" }).waitFor();
    await look(owner, "incidente-pequeno-porte");
  });

  await step("the front desk does not see it", async () => {
    await reception.goto(`${ORIGIN}/conformidade/incidentes`);
    await reception.getByText("Os incidentes são de quem responde").waitFor();
  }, { refusals: [403] });
});
