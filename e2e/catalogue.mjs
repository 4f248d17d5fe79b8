// The owner sets the clinic up: a nurse with her week and services, a service with its price, a room, the year's holidays; and the
// front desk sees none of it. SIGILO_E2E_OWNER is the owner's link, _DESK the receptionist's.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_OWNER, SIGILO_E2E_DESK } = process.env;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

await journey(async () => {
  const owner = await enter(SIGILO_E2E_OWNER);
  let nurse;

  await step("the clinic's people stand in the navigation of who runs it", async () => {
    await owner.getByRole("link", { name: "Clínica", exact: true }).click();
    await owner.getByRole("heading", { level: 1, name: "Profissionais" }).waitFor();
    await owner.getByRole("link", { name: "Dr. Otávio Lacerda Nunes" }).waitFor();
    const places = await owner.getByRole("navigation", { name: "Clínica" }).getByRole("link").allInnerTexts();
    assert.deepEqual(places, ["Profissionais", "Serviços", "Salas e equipamentos", "Feriados e exceções", "Equipe"]);
    await look(owner, "clinica-profissionais", KEY);
  });

  await step("what is wrong of a professional is said beside its field, and nothing typed is lost", async () => {
    await owner.getByRole("link", { name: "Novo profissional" }).click();
    await fill(owner, { "Nome completo": "Rosana Peixoto Aguiar", "Número no conselho": "123456-XYZ", "Especialidade": "Estomaterapia" });
    await owner.getByLabel("Conselho", { exact: true }).selectOption("COREN");
    await owner.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await owner.getByText("O número do COREN tem", { exact: false }).waitFor();
    await owner.getByText("Escolha o estado (UF) do conselho.").waitFor();
    assert.equal(await owner.getByLabel("Especialidade").inputValue(), "Estomaterapia");
    await look(owner, "clinica-profissional-erro", KEY);
  }, { refusals: [422] });

  await step("a professional is registered and her registration checked, step by step", async () => {
    await fill(owner, { "Número no conselho": "COREN 123.456-enf" });
    await owner.getByLabel("Estado (UF) do conselho").selectOption("SP");
    await owner.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await owner.getByRole("heading", { level: 1, name: "Rosana Peixoto Aguiar" }).waitFor();
    await owner.getByText("COREN 123456-ENF (SP) · Estomaterapia").waitFor();
    nurse = owner.url();
    await owner.getByRole("button", { name: "Vi o documento e ele confere" }).click();
    await owner.getByText("Documento conferido", { exact: true }).waitFor();
    await owner.getByRole("button", { name: "Conferi no site do conselho" }).click();
    await owner.getByText("Conferido no conselho", { exact: true }).waitFor();
  });

  await step("her services are ticked", async () => {
    await owner.getByLabel("Curativo").check();
    await owner.getByLabel("Avaliação de enfermagem").check();
    await owner.getByRole("button", { name: "Salvar serviços" }).click();
    await owner.waitForURL(nurse);
    assert.ok(await owner.getByLabel("Curativo").isChecked());
    await look(owner, "clinica-profissional", KEY);
  });

  await step("hours that cross are refused beside their row; rows come and go", async () => {
    await owner.getByRole("link", { name: "Alterar horários" }).click();
    await fill(owner, { "Começo": "07:00", "Fim": "13:00" });
    await owner.getByRole("button", { name: "Mais uma linha" }).click();
    await owner.getByLabel("Dia", { exact: true }).nth(1).selectOption("Quarta-feira");
    await owner.getByLabel("Começo", { exact: true }).nth(1).fill("12:30");
    await owner.getByLabel("Fim", { exact: true }).nth(1).fill("16:00");
    await owner.getByRole("button", { name: "Salvar horários" }).click();
    await owner.getByText("Cruza com outro horário de quarta-feira: 07:00 às 13:00.").waitFor();
    assert.equal(await owner.getByLabel("Fim", { exact: true }).nth(1).inputValue(), "16:00");
    await look(owner, "clinica-horarios-erro", KEY);
    await owner.getByLabel("Começo", { exact: true }).nth(1).fill("14:00");
    await owner.getByRole("button", { name: "Mais uma linha" }).click();
    await owner.getByLabel("Começo", { exact: true }).nth(2).fill("09:00");
    await owner.getByRole("button", { name: "Remover a linha 3" }).click();
    assert.equal(await owner.getByLabel("Começo", { exact: true }).count(), 2);
    await owner.getByLabel("Fim", { exact: true }).nth(1).press("Enter");
    await owner.waitForURL(nurse);
    await owner.getByText("07:00 às 13:00, 14:00 às 16:00").waitFor();
  }, { refusals: [422] });

  await step("a service with its price as people type it", async () => {
    await owner.goto(`${ORIGIN}/clinica/servicos`);
    await fill(owner, { "Nova categoria": "Estética" });
    await owner.getByRole("button", { name: "Acrescentar Nova categoria" }).click();
    await owner.getByRole("heading", { name: "Estética" }).waitFor();
    await owner.getByRole("link", { name: "Novo serviço" }).click();
    await fill(owner, { "Nome": "Laserterapia", "Preço, em reais": "1,234", "Código TUSS": "123" });
    await owner.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await owner.getByText("Informe o preço em reais", { exact: false }).waitFor();
    await owner.getByText("O código TUSS tem 8 algarismos", { exact: false }).waitFor();
    await fill(owner, { "Preço, em reais": "1.234,50", "Código TUSS": "" });
    await owner.getByLabel("Categoria", { exact: true }).selectOption("Estética");
    await look(owner, "clinica-servico", KEY);
    await owner.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await owner.getByText("30 min · R$ 1.234,50").waitFor();
    await owner.getByRole("button", { name: "Deixar de oferecer Laserterapia" }).click();
    await owner.getByRole("heading", { name: "Não oferecidos" }).waitFor();
    await look(owner, "clinica-servicos", KEY);
  }, { refusals: [422] });

  await step("rooms have names of their own", async () => {
    await owner.goto(`${ORIGIN}/clinica/salas`);
    await fill(owner, { "Nova sala": "consultório 1" });
    await owner.getByRole("button", { name: "Acrescentar Nova sala" }).click();
    await owner.getByText("A clínica já tem uma sala com este nome.").waitFor();
    assert.equal(await owner.getByLabel("Nova sala", { exact: true }).inputValue(), "consultório 1");
    await look(owner, "clinica-salas", KEY);
    await fill(owner, { "Nova sala": "Sala de laser" });
    await owner.getByRole("button", { name: "Acrescentar Nova sala" }).click();
    await owner.getByRole("heading", { name: "Sala de laser" }).waitFor();
    await owner.getByRole("button", { name: "Tirar de uso Sala de laser" }).click();
    await owner.getByText("Fora de uso").waitFor();
  }, { refusals: [422] });

  await step("the year's holidays, with one press, once; and somebody's vacation", async () => {
    await owner.goto(`${ORIGIN}/clinica/excecoes`);
    const add = owner.getByRole("button", { name: /^Adicionar feriados nacionais de/ }).nth(1);
    await add.click();
    await owner.getByText(/^10 feriados de \d{4} foram acrescentados\.$/).waitFor();
    await owner.getByRole("heading", { name: "Dia da Consciência Negra" }).waitFor();
    await add.click();
    await owner.getByText("Nada a acrescentar", { exact: false }).waitFor();
    await look(owner, "clinica-excecoes", KEY);
    await owner.getByLabel("Quem", { exact: true }).selectOption("Rosana Peixoto Aguiar");
    await fill(owner, { "Primeiro dia": "2090-07-15", "Último dia": "2090-07-01" });
    await owner.getByLabel("Motivo", { exact: true }).selectOption("Férias");
    await owner.getByRole("button", { name: "Registrar" }).click();
    await owner.getByText("O fim tem de vir depois do começo.").waitFor();
    assert.equal(await owner.getByLabel("Primeiro dia", { exact: true }).inputValue(), "2090-07-15");
    await fill(owner, { "Último dia": "2090-07-30" });
    await owner.getByRole("button", { name: "Registrar" }).click();
    await owner.getByText("15/07/2090 a 30/07/2090 · Rosana Peixoto Aguiar").waitFor();
    await owner.getByRole("button", { name: "Retirar Férias, 15/07/2090 a 30/07/2090, Rosana Peixoto Aguiar" }).click();
    await owner.getByText("15/07/2090 a 30/07/2090", { exact: false }).waitFor({ state: "detached" });
  }, { refusals: [422] });

  await step("of two who correct at once, the later one is told and loses nothing", async () => {
    const other = await owner.context().newPage();
    await owner.goto(`${nurse}/editar`);
    await other.goto(`${nurse}/editar`);
    await fill(other, { "Máximo de atendimentos por dia": "12" });
    await other.getByRole("button", { name: "Salvar" }).click();
    await other.getByText("No máximo 12 por dia.", { exact: false }).waitFor();
    await other.close();
    await fill(owner, { "Especialidade": "Enfermagem dermatológica" });
    await owner.getByRole("button", { name: "Salvar" }).click();
    await owner.getByText("Alguém mudou este cadastro enquanto você o editava.", { exact: false }).waitFor();
    assert.equal(await owner.getByLabel("Especialidade").inputValue(), "Enfermagem dermatológica");
    await owner.goto(nurse);
    await owner.getByRole("button", { name: "Deixar de atender" }).click();
    await owner.getByText("Não atende mais").waitFor();
  }, { refusals: [409] });

  await step("the front desk sees none of it", async () => {
    const desk = await enter(SIGILO_E2E_DESK);
    await desk.waitForURL("**/agenda");
    assert.equal(await desk.getByRole("link", { name: "Clínica", exact: true }).count(), 0);
    for (const path of ["profissionais", "servicos", "salas", "excecoes"]) {
      const answer = await desk.goto(`${ORIGIN}/clinica/${path}`);
      assert.equal(answer.status(), 403, path);
    }
    await look(desk, "clinica-recepcao");
  }, { refusals: [403] });

  await step("somebody is asked into the team by a link that is shown once", async () => {
    await owner.getByRole("navigation", { name: "Clínica" }).getByRole("link", { name: "Equipe" }).click();
    await owner.getByRole("heading", { level: 1, name: "Equipe" }).waitFor();
    await look(owner, "equipe", KEY);
    await owner.getByRole("button", { name: "Gerar convite" }).click();
    await owner.getByText("Escolha ao menos uma função.").first().waitFor();
    await owner.getByLabel("Nome completo").fill("Iara Campos Melo");
    await owner.getByLabel("Recepção Agenda e cadastro de pacientes.").check();
    await owner.getByRole("button", { name: "Gerar convite" }).click();
    await owner.getByRole("heading", { level: 1, name: "Convite pronto" }).waitFor();
    await look(owner, "convite");
    const link = await owner.locator("#convite-endereco").innerText();
    await owner.getByRole("link", { name: "Voltar à equipe" }).click();
    await owner.getByText("Iara Campos Melo", { exact: false }).first().waitFor();
    const iara = await device();
    await iara.goto(link);
    await iara.getByRole("heading", { name: "Olá, Iara Campos Melo" }).waitFor();
  }, { refusals: [422] });
});
