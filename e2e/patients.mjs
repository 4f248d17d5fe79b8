// The front desk's first hour: register, be asked about a likeness, find while typing, correct, and be told when somebody
// else was faster; and the end of a registration, by two people. SIGILO_E2E_DESK is the receptionist's link, _OWNER, _DOCTOR and
// _DPO the others'.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { onboard } from "./lib/doctor.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_DESK, SIGILO_E2E_OWNER, SIGILO_E2E_DOCTOR, SIGILO_E2E_DPO } = process.env;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

/// What the search shows once it has answered.
async function search(page, text) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/pacientes/busca")),
    page.getByLabel("Buscar pacientes").fill(text),
  ]);
  assert.equal(answer.status(), 200);
  await page.locator("#achados").getByText(/^(Encontrados|Ninguém encontrado)/).waitFor();
  return page.locator("#achados h3").allInnerTexts();
}

await journey(async () => {
  const desk = await enter(SIGILO_E2E_DESK);
  let record;

  await step("the patients who were registered last", async () => {
    await desk.waitForURL("**/agenda");
    await desk.getByRole("link", { name: "Pacientes" }).click();
    await desk.getByText("Cadastrados por último").waitFor();
    await look(desk, "pacientes", KEY);
  });

  await step("what is wrong is said beside its field, and nothing typed is lost", async () => {
    await desk.getByRole("link", { name: "Novo paciente" }).click();
    await fill(desk, { "Nome civil": "Ana Lúcia Xavantina de Souza", "Nascimento": "1980-02-29", "CPF": "529.982.247-26" });
    await desk.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await desk.getByText("Confira o CPF").waitFor();
    assert.equal(await desk.getByLabel("Nome civil").inputValue(), "Ana Lúcia Xavantina de Souza");
    await look(desk, "paciente-erro", KEY);
  }, { refusals: [422] });

  await step("a patient is registered", async () => {
    await fill(desk, { "CPF": "529.982.247-25", "Telefone": "11 97777-1234", "Nome da mãe": "Rita Xavantina" });
    await desk.getByLabel("Sexo").selectOption("Feminino");
    await desk.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await desk.getByRole("heading", { level: 1, name: "Ana Lúcia Xavantina de Souza" }).waitFor();
    record = desk.url();
    assert.match(record, /\/pacientes\/[0-9a-f-]{36}$/);
    await look(desk, "paciente", KEY);
  });

  await step("somebody alike is asked about before there are two of them", async () => {
    await desk.goto(`${ORIGIN}/pacientes/novo`);
    await fill(desk, { "Nome civil": "ana lucia xavantina souza", "Nascimento": "1980-02-29" });
    await desk.getByLabel("Sem CPF e sem cartão SUS?").selectOption("Não tem documentos");
    await desk.getByRole("button", { name: "Cadastrar", exact: true }).click();
    await desk.getByText("Já é paciente?").waitFor();
    await look(desk, "paciente-parecido");
    await desk.getByRole("link", { name: "Ana Lúcia Xavantina de Souza" }).click();
    await desk.waitForURL(record);
  }, { refusals: [409] });

  await step("found while typing: parts, order, accents, errors, numbers, the mother", async () => {
    await desk.goto(`${ORIGIN}/pacientes`);
    for (const text of ["xavantina an", "XAVATINA", "52998224725", "(11) 97777-1234", "rita xav"]) {
      const found = await search(desk, text);
      assert.ok(found.includes("Ana Lúcia Xavantina de Souza"), `${text}: ${found}`);
    }
    assert.deepEqual(await search(desk, "vilela"), ["Elisa Vilela Guimarães"], "called by the social name");
    await desk.getByText("Nome civil: Edson Vilela Guimarães").waitFor();
    await look(desk, "pacientes-busca", KEY);
    assert.deepEqual(await search(desk, "ninguém assim"), []);
    await look(desk, "pacientes-ninguem");
    assert.ok(!desk.url().includes("q="), "nothing typed stands in the address");
  });

  const owner = await enter(SIGILO_E2E_OWNER);
  await step("of two who correct at once, the later one is told and loses nothing", async () => {
    await desk.goto(`${record}/editar`);
    await owner.goto(`${record}/editar`);
    await fill(owner, { "Telefone": "(11) 96666-0000" });
    await owner.getByRole("button", { name: "Salvar" }).click();
    await owner.getByText("(11) 96666-0000").waitFor();
    await fill(desk, { "E-mail": "ana@exemplo.com.br" });
    await desk.getByRole("button", { name: "Salvar" }).click();
    await desk.getByText("Alguém mudou este cadastro enquanto você o editava.", { exact: false }).waitFor();
    assert.equal(await desk.getByLabel("E-mail").inputValue(), "ana@exemplo.com.br");
    await look(desk, "paciente-mudou");
    await desk.getByRole("link", { name: "Ver como está agora" }).click();
    assert.equal(await desk.getByLabel("Telefone", { exact: true }).inputValue(), "(11) 96666-0000");
    await fill(desk, { "E-mail": "ana@exemplo.com.br" });
    await desk.getByRole("button", { name: "Salvar" }).click();
    await desk.getByText("ana@exemplo.com.br").waitFor();
  }, { refusals: [409] });

  await step("agreed to in front of the desk, signed on the screen, proved, withdrawn", async () => {
    await desk.getByRole("link", { name: "Consentimentos" }).click();
    await desk.getByText("Registrar que concorda").click();
    await desk.getByRole("button", { name: /^Registrar/ }).click();
    await desk.getByText("Escolha ao menos uma finalidade.").waitFor();
    await desk.getByText("Registrar que concorda").click();
    await desk.getByLabel("Comunicações e divulgação").check();
    const box = await desk.locator("canvas").boundingBox();
    await desk.mouse.move(box.x + 40, box.y + 90);
    await desk.mouse.down();
    for (const [x, y] of [[90, 40], [140, 120], [220, 60], [300, 100]]) await desk.mouse.move(box.x + x, box.y + y, { steps: 4 });
    await desk.mouse.up();
    await look(desk, "paciente-consentimento", KEY);
    await desk.getByRole("button", { name: /^Registrar/ }).click();
    await desk.getByText("Concedido", { exact: true }).waitFor();
    await desk.locator("ol.history li", { hasText: "com assinatura desenhada" }).waitFor();
    await look(desk, "paciente-consentimentos");
    const [file] = await Promise.all([desk.waitForEvent("download"), desk.getByRole("link", { name: /^só a prova/ }).click()]);
    const proof = await (await import("node:fs/promises")).readFile(await file.path(), "utf8");
    assert.ok(proof.includes("Ana Lúcia Xavantina de Souza"));
    await desk.getByText("Revogar", { exact: true }).click();
    await desk.getByLabel("Como o paciente pediu").selectOption("Pessoalmente");
    await desk.getByRole("button", { name: /^Revogar/ }).click();
    await desk.getByText("Não concedido").waitFor();
    await desk.getByRole("link", { name: /^Prontuário nº/ }).click();
    await desk.waitForURL(record);
  }, { refusals: [422] });

  await step("no longer treated, and again", async () => {
    await desk.getByText("Deixar de atender").first().click();
    await desk.getByLabel("Por quê").selectOption("Mudou de clínica ou de cidade");
    await desk.getByRole("button", { name: "Deixar de atender" }).click();
    await desk.getByText("Inativo: Mudou de clínica ou de cidade").waitFor();
    await look(desk, "paciente-inativo");
    await desk.getByRole("button", { name: "Voltar a atender" }).click();
    await desk.getByText("Deixar de atender").first().waitFor();
  });

  await step("the doctor finds and opens the same record", async () => {
    const doctor = await enter(SIGILO_E2E_DOCTOR);
    await onboard(doctor, { crm: "70707", state: "SP" });
    await doctor.getByRole("link", { name: "Pacientes" }).click();
    await search(doctor, "xavantina");
    await doctor.getByRole("link", { name: "Ana Lúcia Xavantina de Souza" }).click();
    await doctor.waitForURL(record);
  });

  await step("the owner asks that a registration ends, by the record's number", async () => {
    await owner.goto(record);
    const number = (await owner.getByText(/^Prontuário nº/).innerText()).match(/nº (\d+)/)[1];
    await owner.getByRole("link", { name: "Eliminar cadastro…" }).click();
    await owner.getByText("Destruída, e de novo em toda cópia que for devolvida.").waitFor();
    await look(owner, "paciente-eliminar", KEY);
    await owner.getByLabel("A pessoa pediu", { exact: false }).check();
    await owner.getByLabel("Em que se apoia").fill("Pediu no balcão, com documento");
    await owner.getByLabel("Digite o número deste prontuário", { exact: false }).fill("999999");
    await owner.getByRole("button", { name: "Pedir a eliminação" }).click();
    await owner.getByText("Digite o número deste prontuário, para confirmar que é ele.").waitFor();
    await owner.getByLabel("Digite o número deste prontuário", { exact: false }).fill(number);
    await owner.getByRole("button", { name: "Pedir a eliminação" }).click();
    await owner.waitForURL("**/conformidade/eliminacoes");
    await owner.getByText("Outra pessoa que responde pela clínica", { exact: false }).waitFor();
    await look(owner, "eliminacoes-pedida");
  }, { refusals: [422] });

  await step("somebody else approves without seeing who it is", async () => {
    const dpo = await enter(SIGILO_E2E_DPO);
    await dpo.goto(`${ORIGIN}/conformidade/eliminacoes`);
    assert.ok(!(await dpo.locator("main").innerText()).includes("Xavantina"));
    await look(dpo, "eliminacoes", KEY);
    await dpo.getByRole("button", { name: /^Aprovar a eliminação/ }).click();
    const receipt = dpo.getByRole("link", { name: /^Baixar o recibo/ });
    for (let tries = 0; (await receipt.count()) === 0 && tries < 40; tries++) {
      await dpo.waitForTimeout(250);
      await dpo.goto(`${ORIGIN}/conformidade/eliminacoes`);
    }
    const [file] = await Promise.all([dpo.waitForEvent("download"), receipt.click()]);
    const signed = await (await import("node:fs/promises")).readFile(await file.path(), "utf8");
    assert.ok(signed.includes("chaves_destruidas_em") && !signed.includes("Xavantina"));
  });

  await step("what is left is a number", async () => {
    await desk.goto(record);
    await desk.getByText("Cadastro eliminado em", { exact: false }).waitFor();
    await look(desk, "paciente-eliminado", KEY);
    await desk.goto(`${ORIGIN}/pacientes`);
    assert.ok(!(await search(desk, "52998224725")).length);
  });
});
