// The audit console: access for a period, the manual's queries, the tables, SQL, files and the record of all of it.
// Runs on a demonstration; SIGILO_E2E_LINK is the doctor's, SIGILO_E2E_AUDITOR, _OWNER, _DPO and _RECEPTION the others'.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { answers, ask, finished } from "./lib/answer.mjs";
import { newConversation, onboard } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_LINK, SIGILO_E2E_AUDITOR, SIGILO_E2E_OWNER, SIGILO_E2E_DPO, SIGILO_E2E_RECEPTION } = process.env;
const DOCTOR = "Dr. Otávio Lacerda Nunes";
const HTML = '<img src=x onerror="document.title=1">';

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

const runs = async (where = "true") => (await sql(`SELECT count(*)::int AS n FROM audit_console_runs WHERE ${where}`))[0].n;
const result = (page) => page.getByRole("region", { name: "Resultado", exact: true });
const execute = (page) => page.getByRole("button", { name: "Executar" }).click();

async function query(page, number) {
  await page.goto(`${ORIGIN}/auditoria/consultas/${number}`);
}

await journey(async () => {
  const doctor = await enter(SIGILO_E2E_LINK);
  await step("a doctor leaves something to audit", async () => {
    await onboard(doctor, { crm: "50505", state: "SP" });
    await newConversation(doctor);
    await ask(doctor, `Paciente com CPF 123.456.789-00, febre há 3 dias e tosse. ${HTML}`);
    await finished(answers(doctor).last());
  });

  const auditor = await enter(SIGILO_E2E_AUDITOR);
  await step("an auditor finds the manual's queries", async () => {
    await auditor.waitForURL("**/auditoria");
    assert.equal(await auditor.getByRole("main").getByRole("listitem").count(), 34);
    await auditor.getByText("Seu acesso vale até").waitFor();
    await look(auditor, "auditoria", KEY);
  });

  await step("each says what it means", async () => {
    await auditor.getByRole("link", { name: /SQL-24/ }).click();
    await auditor.getByRole("heading", { level: 1, name: "Segurança por linha em todas as tabelas" }).waitFor();
    await execute(auditor);
    await result(auditor).getByText("Conforme", { exact: true }).waitFor();
    await result(auditor).getByText(/têm segurança por linha/).waitFor();
    await look(auditor, "auditoria-resultado", KEY);
    for (const [number, words] of [[25, "As duas regras"], [27, "médico"], [12, "Nenhuma imagem"], [34, "Nenhum incidente"]]) {
      await query(auditor, number);
      await execute(auditor);
      await result(auditor).getByText(words).first().waitFor();
    }
  });

  await step("placeholders are chosen from a list that names nobody", async () => {
    await query(auditor, 4);
    const option = await auditor.getByLabel("Médico").locator("option").first().innerText();
    assert.match(option, /^CRM 50505\/SP/);
    await execute(auditor);
    await result(auditor).getByText("Os quatro consentimentos").waitFor();
    await query(auditor, 7);
    await execute(auditor);
    await result(auditor).getByText("[CPF REMOVIDO]").first().waitFor();
    assert.equal(await auditor.locator("main img").count(), 0, "what a doctor typed stays text");
    assert.equal((await auditor.locator("main").innerText()).includes("123.456.789-00"), false);
    await look(auditor, "auditoria-mensagens");
  });

  await step("names are hidden until there is a reason", async () => {
    await query(auditor, 1);
    await execute(auditor);
    await result(auditor).getByText("•••").first().waitFor();
    assert.equal((await auditor.locator("main").innerText()).includes(DOCTOR), false);
    await auditor.getByText("Mostrar dados pessoais nesta consulta").click();
    await auditor.getByLabel(/Mostrar nomes/).check();
    await execute(auditor);
    await auditor.getByRole("alert").getByText("Diga por que").waitFor();
    assert.equal(await runs("unmasked"), 0, "nothing was asked without a reason");
    await auditor.getByText("Mostrar dados pessoais nesta consulta").click();
    await auditor.getByLabel(/Mostrar nomes/).check();
    await auditor.getByLabel("Por que é preciso").fill("Conferir o cadastro com o CRM");
    await look(auditor, "auditoria-motivo");
    await execute(auditor);
    await result(auditor).getByText(DOCTOR).waitFor();
    assert.equal(await runs("unmasked AND reason = 'Conferir o cadastro com o CRM'"), 1);
    const [event] = await sql("SELECT risk_level, details::text AS details FROM audit_logs WHERE action = 'audit_query_started' AND (details ->> 'unmasked')::boolean");
    assert.equal(event.risk_level, "high");
    assert.ok(!event.details.includes("SELECT"), "the trail has the hash of the statement");
  }, { refusals: [422] });

  await step("tables with their purpose, and their rows", async () => {
    await auditor.getByRole("link", { name: "Tabelas" }).click();
    await auditor.getByRole("link", { name: "Trilha de auditoria" }).waitFor();
    await look(auditor, "auditoria-tabelas");
    await auditor.getByRole("link", { name: "Trilha de auditoria" }).click();
    await auditor.getByText("NULL").first().waitFor();
    await auditor.getByLabel("Contém").fill("consent_granted");
    await auditor.getByLabel("Na coluna").selectOption("action");
    await auditor.getByRole("button", { name: "Filtrar" }).click();
    await result(auditor).getByText("4 linhas").waitFor();
    await auditor.getByText(/^Colunas \(/).click();
    await look(auditor, "auditoria-tabela", KEY);
    await result(auditor).getByRole("link").first().click();
    await auditor.getByRole("heading", { level: 1 }).waitFor();
  });

  await step("SQL with an editor that the keyboard can leave", async () => {
    await auditor.getByRole("link", { name: "SQL", exact: true }).click();
    // The plain field has the same name until the editor takes its place.
    await auditor.locator(".console-editor").waitFor();
    const editor = auditor.getByRole("textbox", { name: "Consulta" });
    await editor.click();
    await auditor.keyboard.type("select count(*) as total from audit_l");
    await auditor.getByRole("option", { name: "audit_logs" }).waitFor();
    await look(auditor, "auditoria-editor");
    await auditor.keyboard.press("Enter");
    await auditor.keyboard.press("Control+Enter");
    await result(auditor).getByText("1 linha").waitFor();
    await editor.click();
    await auditor.keyboard.press("Control+a");
    await auditor.keyboard.type("delete from audit_logs");
    await auditor.keyboard.press("Escape");
    await auditor.keyboard.press("Tab");
    assert.notEqual(await auditor.evaluate(() => document.activeElement?.className), "console-editor", "Tab goes on");
    await execute(auditor);
    await result(auditor).getByText("Aqui só se lê").waitFor();
    await look(auditor, "auditoria-recusada");
    assert.equal(await runs("outcome = 'refused'"), 1);
  });

  await step("a file carries the hash that the record has", async () => {
    await query(auditor, 10);
    await execute(auditor);
    await result(auditor).waitFor();
    const download = async (name) => {
      const [file] = await Promise.all([auditor.waitForEvent("download"), result(auditor).getByRole("button", { name }).click()]);
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
    };
    const json = await download("JSON");
    const parsed = JSON.parse(json.text);
    const canonical = [parsed.colunas, ...parsed.linhas].map((row) => `${JSON.stringify(row)}\n`).join("");
    assert.equal(createHash("sha256").update(canonical).digest("hex"), parsed.sha256, "anybody can compute it");
    assert.ok(json.name.includes(parsed.sha256.slice(0, 8)));
    assert.equal(await runs(`kind = 'json' AND result_hash = '${parsed.sha256}'`), 1);
    const csv = await download("CSV");
    assert.match(csv.text, /^\uFEFF"total_mensagens_processadas";/);
  });

  await step("everything stands in the record", async () => {
    await auditor.getByRole("link", { name: "Histórico" }).click();
    await auditor.getByText("Exportação em CSV").waitFor();
    await auditor.getByText("com dados pessoais").waitFor();
    await look(auditor, "auditoria-historico", KEY);
    await auditor.getByRole("link", { name: /\d{2}\/\d{2}\/\d{4}/ }).first().click();
    await auditor.getByText("SHA-256 do resultado").waitFor();
    await look(auditor, "auditoria-registro");
    await auditor.getByRole("button", { name: "Abrir no editor" }).click();
    await auditor.getByRole("heading", { level: 1, name: "SQL" }).waitFor();
    assert.equal(await runs("outcome = 'running'"), 0);
  });

  await step("the proofs are taken away, and one row's own", async () => {
    await auditor.getByRole("link", { name: "Provas", exact: true }).click();
    await auditor.getByRole("heading", { level: 1, name: "Provas da trilha" }).waitFor();
    await auditor.getByText("falta uma testemunha de fora").waitFor();
    await look(auditor, "provas", KEY);
    const take = async (name) => {
      const [file] = await Promise.all([auditor.waitForEvent("download"), auditor.getByRole("button", { name }).click()]);
      return readFile(await file.path());
    };
    const bundle = await take("Pacote de provas");
    assert.equal(bundle.subarray(0, 8).toString(), "MANIFEST");
    assert.match((await take("Política")).toString(), /^log \S+\/trilha\/[0-9a-f]{8}\+/);
    assert.match((await take("Ponto de controle")).toString(), /\n\n— \S+\/trilha\//);
    await auditor.getByRole("button", { name: "Examinar agora" }).click();
    await auditor.getByText("Nada difere").waitFor();
    const [{ seq }] = await sql("SELECT min(seq)::int AS seq FROM audit_logs WHERE resource_type = 'profiles' AND category = 'data'");
    await auditor.getByLabel("Número do registro").fill(String(seq));
    await auditor.getByRole("button", { name: "Ver a prova" }).click();
    await auditor.getByRole("heading", { level: 1, name: `Registro ${seq}` }).waitFor();
    assert.match((await take("Baixar a prova")).toString(), /^c2sp\.org\/tlog-proof@v1\n/);
    await auditor.getByLabel("Por que é preciso").fill("Conferir o cadastro na auditoria");
    await auditor.getByRole("button", { name: "Mostrar", exact: true }).click();
    await auditor.getByText("É o que foi lacrado").waitFor();
    await look(auditor, "prova-registro", KEY);
  });

  await step("the manual leads to the queries", async () => {
    await auditor.getByRole("link", { name: "Manual", exact: true }).click();
    await auditor.getByRole("heading", { level: 1, name: "Manual de auditoria" }).waitFor();
    await look(auditor, "manual", KEY);
    await auditor.getByRole("region", { name: "Roteiro de demonstração" }).getByRole("link", { name: "SQL-24" }).click();
    await auditor.getByRole("heading", { level: 1, name: "Segurança por linha em todas as tabelas" }).waitFor();
  });

  const owner = await enter(SIGILO_E2E_OWNER);
  await step("who answers for the clinic gives and takes access, but not to themselves", async () => {
    await owner.getByRole("link", { name: "Auditoria" }).click();
    await owner.getByRole("alert").getByText("Você não tem um acesso em vigor").waitFor();
    await look(owner, "auditoria-acessos", KEY);
    await owner.getByRole("button", { name: "Dar acesso" }).click();
    await owner.getByText("Escolha quem vai auditar.").waitFor();
    await owner.getByRole("button", { name: /Revogar o acesso de Marta/ }).click();
    await owner.getByText("Revogado").waitFor();
    await auditor.goto(`${ORIGIN}/auditoria/sql`);
    await auditor.getByRole("alert").getByText("Você não tem um acesso em vigor").waitFor();

    await owner.getByLabel("Quem vai auditar").selectOption({ label: "Marta Quintela Abreu" });
    await owner.getByLabel("Por quantos dias").fill("7");
    await owner.getByLabel("Para quê").fill("Fiscalização da ANPD");
    await owner.getByRole("button", { name: "Dar acesso" }).click();
    await owner.getByText("Fiscalização da ANPD").waitFor();
    await auditor.goto(`${ORIGIN}/auditoria/sql`);
    await auditor.getByRole("heading", { level: 1, name: "SQL" }).waitFor();

    const dpo = await enter(SIGILO_E2E_DPO);
    await dpo.goto(`${ORIGIN}/auditoria/acessos`);
    assert.deepEqual(await dpo.getByLabel("Quem vai auditar").locator("option").allInnerTexts(), ["Escolha", "Marta Quintela Abreu"]);
  }, { refusals: [403, 422] });

  await step("others do not get in", async () => {
    const reception = await enter(SIGILO_E2E_RECEPTION);
    assert.equal(await reception.getByRole("link", { name: "Auditoria" }).count(), 0);
    for (const page of [reception, doctor]) {
      await page.goto(`${ORIGIN}/auditoria`);
      await page.getByText("A auditoria é para auditores").waitFor();
    }
  }, { refusals: [403] });
});
