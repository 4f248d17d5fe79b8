// The DPO at the compliance desk. SIGILO_E2E_DPO is the DPO's link, _LINK a doctor's, _RECEPTION the front desk's.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { onboard } from "./lib/doctor.mjs";
import { sql } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_DPO, SIGILO_E2E_LINK, SIGILO_E2E_RECEPTION } = process.env;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

const part = (page, name) => page.getByRole("region", { name });
const check = (page, title) => part(page, "Verificações").getByRole("listitem").filter({ has: page.getByRole("heading", { name: title }) });

await journey(async () => {
  const dpo = await enter(SIGILO_E2E_DPO);
  await step("the DPO starts at the desk, and nothing is hidden of a new clinic", async () => {
    await dpo.waitForURL("**/conformidade");
    await part(dpo, "Pedidos de titulares em aberto").getByText("Nenhum pedido em aberto.").waitFor();
    await part(dpo, "Incidentes abertos").getByText("Nenhum incidente aberto.").waitFor();
    await part(dpo, "Prazos de guarda").getByText(/Nenhum registro passou do prazo/).waitFor();
    await check(dpo, "Uma clínica não vê a outra").getByText("Conforme", { exact: true }).waitFor();
    await check(dpo, "Contato do encarregado publicado").getByText("Problema", { exact: true }).waitFor();
    await part(dpo, "Autoavaliação").getByText("Não é um certificado").waitFor();
    await part(dpo, "Autoavaliação").getByText("a pedido de Breno Alcântara Dias").waitFor();
    await look(dpo, "conformidade-nova", KEY);
  });

  await step("what waits and what is wrong stands in front, with its clock", async () => {
    const doctor = await enter(SIGILO_E2E_LINK);
    await onboard(doctor);
    await doctor.goto(`${ORIGIN}/account`);
    await doctor.getByText("Fazer um pedido").click();
    await doctor.getByLabel("O que você quer").selectOption("sharing");
    await doctor.getByRole("button", { name: "Enviar pedido" }).click();
    await doctor.getByRole("heading", { name: /Saber com quem/ }).waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/incidentes`);
    await dpo.getByLabel("Tipo").selectOption({ label: "Perda ou destruição de dados" });
    await dpo.getByLabel("Gravidade").selectOption({ label: "Alta" });
    await dpo.getByLabel("O que houve").fill("Um notebook com sessão aberta foi furtado.");
    await dpo.getByLabel("Pessoas afetadas").fill("12");
    await dpo.getByLabel("Quando se soube").fill(new Date(Date.now() - 4 * 3600_000).toISOString().slice(0, 16));
    await dpo.getByRole("button", { name: "Registrar" }).click();
    await dpo.getByRole("heading", { name: "Comunicar a ANPD (3 dias úteis)" }).waitFor();
    // Time passes, which the triggers would not let happen.
    await sql("SELECT set_config('session_replication_role', 'replica', false)");
    await sql("UPDATE data_subject_requests SET deadline_at = now() - interval '1 hour', legal_deadline_at = NULL RETURNING 1");
    await sql("UPDATE consent_records SET expires_at = now() + interval '20 days' WHERE consent_type = 'ai_processing' RETURNING 1");
    await sql("UPDATE consent_records SET consent_version = '0.9' WHERE consent_type = 'image_processing' RETURNING 1");
    await sql(`INSERT INTO sensitive_data_detection_logs
        (clinic_id, user_id, message_id, detection_type, detection_method, confidence_score, created_at)
      SELECT clinic_id, user_id, user_id, 'cpf', 'regex', 1, now() - interval '6 years'
        FROM members WHERE 'dpo' = ANY (roles) RETURNING 1`);
    await dpo.goto(`${ORIGIN}/conformidade`);
    const requests = part(dpo, "Pedidos de titulares em aberto");
    await requests.getByText("1 com o prazo vencido").waitFor();
    await requests.getByText("Venceu hoje").waitFor();
    await part(dpo, "Incidentes abertos").getByText(/^ ?Faltam [2-4] dias$/).waitFor();
    await part(dpo, "Consentimentos a rever").getByText("1 com texto anterior").waitFor();
    await part(dpo, "Consentimentos a rever").getByText(/o primeiro vence em/).waitFor();
    await part(dpo, "Prazos de guarda").getByText("1 além do prazo", { exact: true }).waitFor();
    assert.equal(await dpo.locator("main").getByText("Otávio").count(), 0, "nobody is named");
    await look(dpo, "conformidade", KEY);
    await requests.getByRole("link", { name: "Informação sobre compartilhamento" }).click();
    await dpo.getByRole("button", { name: "Começar a atender" }).waitFor();
    await dpo.goto(`${ORIGIN}/conformidade`);
    await check(dpo, "Uma clínica não vê a outra").getByRole("link", { name: "Conferir: SQL-24" }).click();
    await dpo.getByRole("heading", { name: "Segurança por linha em todas as tabelas" }).waitFor();
  });

  await step("the record of what is processed, on screen and as files", async () => {
    await dpo.getByRole("link", { name: "Conformidade", exact: true }).click();
    await dpo.getByRole("link", { name: "Registro das operações" }).click();
    await part(dpo, "Quem responde").getByText("Clínica Jardim das Acácias").waitFor();
    await part(dpo, "Quem recebe dados").getByText("Nenhum dado de paciente").waitFor();
    await dpo.getByText("Apoiar o raciocínio clínico do médico.").first().click();
    await dpo.getByText("Texto depois da remoção dos dados pessoais.").waitFor();
    await look(dpo, "registro", KEY);
    for (const [link, ending] of [["Planilha (CSV)", "csv"], ["JSON", "json"]]) {
      const [file] = await Promise.all([dpo.waitForEvent("download"), dpo.getByRole("link", { name: link }).click()]);
      assert.equal(file.suggestedFilename(), `registro-das-operacoes.${ending}`);
      const text = await readFile(await file.path(), "utf8");
      assert.ok(text.includes("public.messages") && text.includes("auth.throttle"), ending);
      assert.equal(text.startsWith("\ufeff"), ending === "csv");
    }
  });

  await step("data that must be kept, and a copy that must come back", async () => {
    await dpo.getByRole("link", { name: "Guarda legal" }).click();
    await dpo.getByText("Os dados de todos podem ser excluídos").waitFor();
    await dpo.getByLabel("De quem são os dados").selectOption({ label: "Dr. Otávio Lacerda Nunes" });
    await dpo.getByLabel("Ordem de juiz ou de outra autoridade").check();
    await dpo.getByLabel("Motivo").fill("Ofício 12/2026, do juízo: manter até nova ordem.");
    await dpo.getByRole("button", { name: "Guardar" }).click();
    await dpo.getByText("Em guarda", { exact: true }).waitFor();
    await look(dpo, "guarda-legal", KEY);
    await dpo.getByText("Encerrar esta guarda").click();
    await dpo.getByLabel("Por que já não é preciso").fill("O juízo revogou a ordem.");
    await dpo.getByRole("button", { name: /Encerrar a guarda/ }).click();
    await dpo.getByText("Encerrada", { exact: true }).waitFor();

    // On the operator's own server, which the site may not copy: the page says what is missing.
    await dpo.getByRole("link", { name: "Cópias de segurança" }).click();
    await dpo.getByRole("button", { name: "Fazer um teste de restauração" }).click();
    await dpo.getByText("Incompleto", { exact: true }).waitFor();
    await dpo.getByText("sigilo drill").waitFor();
    await look(dpo, "copias", KEY);
  });

  await step("anybody finds the officer, without signing in", async () => {
    const stranger = await device();
    await stranger.goto(`${ORIGIN}/entrar`);
    await look(stranger, "entrar-encarregado");
    await stranger.getByRole("link", { name: "Encarregado de dados e seus direitos" }).click();
    await stranger.getByText("O contato do encarregado ainda não foi informado").waitFor();
    await stranger.getByText("Corrigir dados").waitFor();
    assert.equal(await stranger.getByRole("link", { name: "gov.br/anpd" }).getAttribute("href"), "https://www.gov.br/anpd");
    await look(stranger, "encarregado", KEY);
    await dpo.goto(`${ORIGIN}/conformidade`);
    await check(dpo, "Contato do encarregado publicado").getByRole("link", { name: "Ver a página pública" }).click();
    await dpo.getByRole("heading", { name: "Como falar com o encarregado" }).waitFor();
  });

  await step("the front desk does not see it", async () => {
    const reception = await enter(SIGILO_E2E_RECEPTION);
    await reception.goto(`${ORIGIN}/conformidade`);
    await reception.getByText("A conformidade é de quem responde").waitFor();
  }, { refusals: [403] });
});
