// Rights of a doctor: data at once, a request that is answered, one that is refused, and the deletion of the account by two
// people, with a receipt that anybody can check. SIGILO_E2E_LINK is the doctor's, _OWNER and _DPO the others'.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { answers, ask, finished } from "./lib/answer.mjs";
import { newConversation, onboard } from "./lib/doctor.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_LINK, SIGILO_E2E_OWNER, SIGILO_E2E_DPO, SIGILO_E2E_BINARY } = process.env;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

async function request(page, right, words = "") {
  await page.goto(`${ORIGIN}/account`);
  await page.getByText("Fazer um pedido").click();
  await page.getByLabel("O que você quer").selectOption(right);
  await page.getByLabel("Explique, se quiser").fill(words);
  await page.getByRole("button", { name: "Enviar pedido" }).click();
}

await journey(async () => {
  const doctor = await enter(SIGILO_E2E_LINK);
  await onboard(doctor, { crm: "60606", state: "SP" });
  await newConversation(doctor);
  await ask(doctor, "Febre há 3 dias e tosse seca.");
  await finished(answers(doctor).last());

  await step("the own data at once", async () => {
    await doctor.goto(`${ORIGIN}/account`);
    const [file] = await Promise.all([
      doctor.waitForEvent("download"),
      doctor.getByRole("button", { name: /JSON/ }).click(),
    ]);
    const data = JSON.parse(await readFile(await file.path(), "utf8"));
    assert.equal(data.tabelas.profiles.linhas[0].crm_number, "60606");
    assert.equal(data.tabelas.messages.linhas.length, 2);
    assert.ok(data.tabelas.messages.finalidade && data.tabelas.messages.base_legal);
    await doctor.getByRole("link", { name: "Ver meus dados" }).click();
    await doctor.getByRole("heading", { name: "Mensagens 2 registros" }).waitFor();
    await look(doctor, "meus-dados");
    const [page] = await Promise.all([doctor.waitForEvent("download"), doctor.getByRole("button", { name: /como página/ }).click()]);
    // Opened from the disk, it shows itself.
    const opened = await doctor.context().newPage();
    await opened.setContent(await readFile(await page.path(), "utf8"));
    await opened.getByRole("heading", { name: "Mensagens 2 registros" }).waitFor();
    if (process.env.SIGILO_SHOTS) await opened.screenshot({ path: `${process.env.SIGILO_SHOTS}/meus-dados-arquivo.png` });
    await opened.close();
    const [sheets] = await Promise.all([doctor.waitForEvent("download"), doctor.getByRole("button", { name: /CSV/ }).click()]);
    assert.equal((await readFile(await sheets.path())).subarray(0, 2).toString(), "PK");
  });

  await step("a request with its clock", async () => {
    await request(doctor, "correction", "erro");
    await doctor.getByRole("alert").getByText("pelo menos 10 caracteres").waitFor();
    await request(doctor, "correction", "A especialidade está com um erro de digitação.");
    await doctor.getByRole("heading", { name: /Corrigir dados/ }).waitFor();
    await doctor.getByText(/Faltam \d+ dias/).first().waitFor();
    await request(doctor, "sharing");
    await look(doctor, "direitos-conta", KEY);
    await doctor.getByRole("button", { name: /Retirar o pedido: Saber com quem/ }).click();
    await doctor.getByText("Retirado", { exact: true }).waitFor();
  }, { refusals: [422] });

  const dpo = await enter(SIGILO_E2E_DPO);
  await sql("INSERT INTO auth.identities (user_id, issuer, subject) SELECT requester_user_id, 'https://entrar.exemplo.com.br', 'x' FROM data_subject_requests LIMIT 1 RETURNING id");
  await step("answered at the desk", async () => {
    await dpo.waitForURL("**/conformidade");
    await dpo.getByRole("link", { name: "Pedidos de titulares", exact: true }).click();
    await look(dpo, "pedidos", KEY);
    await dpo.locator("[data-row]", { hasText: "Correção de dados" }).click();
    await dpo.getByRole("button", { name: "Começar a atender" }).click();
    await dpo.getByLabel("O que foi feito").fill("A especialidade foi corrigida no cadastro.");
    await look(dpo, "pedido", KEY);
    await dpo.getByRole("button", { name: "Concluir" }).click();
    await dpo.getByRole("heading", { name: "Resposta" }).waitFor();
    await doctor.goto(`${ORIGIN}/account`);
    await doctor.getByText("A especialidade foi corrigida no cadastro.").waitFor();
    await doctor.getByRole("region", { name: "Quem viu meus dados" }).getByText("abriu um pedido seu").first().waitFor();
    await doctor.getByRole("region", { name: "Quem viu meus dados" }).getByRole("button", { name: /Não reconheço/ }).first().click();
    await doctor.getByRole("heading", { name: /Confirmar se há dados meus/ }).waitFor();
  });

  await step("who received the data is told", async () => {
    await dpo.getByText("Falta 1 aviso").waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.getByText("Falta 1 aviso").waitFor();
    await dpo.locator("[data-row]", { hasText: "Correção de dados" }).click();
    await look(dpo, "avisos", KEY);
    await dpo.getByLabel(/Como e quando foi avisado/).fill("Chamado nº 1234 aberto no portal em 12/11.");
    await dpo.getByRole("button", { name: "Registrar o aviso" }).click();
    await dpo.getByText("Todos avisados").waitFor();
    await dpo.getByText("Chamado nº 1234").waitFor();
  });

  await step("written down for somebody who sent a letter", async () => {
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.getByRole("link", { name: "Registrar um pedido que chegou" }).click();
    await dpo.getByRole("button", { name: "Registrar o pedido" }).click();
    await dpo.getByText("Escolha a pessoa a quem os dados pertencem.").waitFor();
    await look(dpo, "registrar-pedido", KEY);
    await dpo.getByLabel("De quem são os dados").selectOption({ label: "Jussara Tavares Pinho" });
    await dpo.getByLabel("O que foi pedido", { exact: true }).selectOption("access");
    await dpo.getByLabel("Como chegou").selectOption("letter");
    await dpo.getByLabel("Dia em que chegou").fill(new Date(Date.now() - 51 * 3600_000).toISOString().slice(0, 10));
    await dpo.getByLabel("O que foi pedido, em resumo").fill("Pede, por carta, cópia de todos os dados.");
    await dpo.getByLabel("Quem fez o pedido").selectOption("procuracao");
    await dpo.getByLabel("Nome do representante").fill("Joaquim Prado Teles");
    await dpo.getByLabel("Como a identidade foi conferida").selectOption("notarised");
    const paper = (name, text) => dpo.getByLabel("Documento que prova quem pediu").setInputFiles({ name, mimeType: "application/pdf", buffer: Buffer.from(text) });
    await paper("procuracao.pdf", "<html>");
    await dpo.getByRole("button", { name: "Registrar o pedido" }).click();
    await dpo.getByText("O arquivo não é PDF, JPEG nem PNG.").waitFor();
    assert.equal(await dpo.getByLabel("Nome do representante").inputValue(), "Joaquim Prado Teles");
    await paper("procuracao.pdf", "%PDF-1.7 procuração");
    await dpo.getByRole("button", { name: "Registrar o pedido" }).click();
    await dpo.getByRole("heading", { name: "Entregue este link a quem pediu" }).waitFor();
    await look(dpo, "pedido-registrado");
    await dpo.getByRole("link", { name: "Abrir o pedido" }).click();
    await dpo.getByText("Procurador (procuração): Joaquim Prado Teles").waitFor();
    await look(dpo, "pedido-com-prova", KEY);
    const [file] = await Promise.all([dpo.waitForEvent("download"), dpo.getByRole("link", { name: "Baixar o documento" }).click()]);
    assert.equal(await readFile(await file.path(), "utf8"), "%PDF-1.7 procuração");
  }, { refusals: [422] });

  await step("what stands still is in front, and the list by keyboard and by links", async () => {
    await dpo.goto(`${ORIGIN}/conformidade/pedidos/registrar`);
    await dpo.getByLabel("De quem são os dados").selectOption({ label: "Marta Quintela Abreu" });
    await dpo.getByLabel("O que foi pedido", { exact: true }).selectOption("sharing");
    await dpo.getByLabel("Como chegou").selectOption("email");
    await dpo.getByLabel("Dia em que chegou").fill(new Date(Date.now() - (20 * 24 + 3) * 3600_000).toISOString().slice(0, 10));
    await dpo.getByLabel("Como a identidade foi conferida").selectOption("signature");
    const words = dpo.getByLabel("O que foi pedido, em resumo");
    await words.pressSequentially("já? quer saber com quem foi compartilhado");
    assert.equal(await words.inputValue(), "já? quer saber com quem foi compartilhado");
    await dpo.getByRole("button", { name: "Registrar o pedido" }).click();
    await dpo.getByRole("heading", { name: "Pedido registrado" }).waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.getByText("Parado há 5 dias: o prazo venceu sem resposta.").waitFor();
    await dpo.getByText("1 pedido está com o prazo vencido.").waitFor();
    await look(dpo, "pedidos-parados", KEY);
    const focused = () => dpo.evaluate(() => document.activeElement?.textContent);
    await dpo.keyboard.press("j");
    assert.equal(await focused(), "Informação sobre compartilhamento");
    await dpo.keyboard.press("j");
    assert.equal(await focused(), "Declaração completa dos dados");
    await dpo.keyboard.press("k");
    await dpo.keyboard.press("k");
    assert.equal(await focused(), "Informação sobre compartilhamento");
    await dpo.keyboard.press("?");
    await dpo.getByText("Próximo pedido").waitFor();
    await look(dpo, "pedidos-teclas");
    await dpo.keyboard.press("?");
    await dpo.getByText("Próximo pedido").waitFor({ state: "hidden" });
    await dpo.keyboard.press("j");
    await dpo.keyboard.press("Enter");
    await dpo.getByRole("heading", { name: "Informação sobre compartilhamento" }).waitFor();
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.getByRole("navigation", { name: "Filtrar os pedidos" }).getByRole("link", { name: "Atrasados" }).click();
    await dpo.getByRole("heading", { name: "Atrasados" }).waitFor();
    assert.equal(await dpo.locator("[data-row]").count(), 1);
    await dpo.getByRole("link", { name: "Todos" }).click();
    await dpo.getByText("Por direito").click();
    await dpo.getByRole("link", { name: "Correção de dados" }).first().click();
    await dpo.getByRole("heading", { name: "Todos: Correção de dados" }).waitFor();
    assert.equal(await dpo.locator("[data-row]").count(), 1);
    await look(dpo, "pedidos-por-direito");
    // Switched off, a key is a key.
    await dpo.getByText("Teclas", { exact: true }).click();
    await dpo.getByLabel("Desligar as teclas neste navegador").check();
    await dpo.getByText("Teclas", { exact: true }).focus();
    await dpo.keyboard.press("j");
    assert.equal(await focused(), "Teclas");
    await dpo.getByLabel("Desligar as teclas neste navegador").uncheck();
  });

  await step("refused only with a reason and an article", async () => {
    await request(doctor, "objection", "Não quero que meus acessos sejam registrados.");
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.locator("[data-row]", { hasText: "Oposição a um tratamento" }).click();
    await dpo.getByRole("button", { name: "Começar a atender" }).click();
    await dpo.getByText("Recusar", { exact: true }).click();
    await dpo.getByLabel("Motivos de fato ou de direito").fill("O registro de acesso é exigido por lei.");
    await dpo.getByLabel("Artigo", { exact: true }).fill("Marco Civil da Internet, art. 15");
    await dpo.getByRole("button", { name: "Recusar o pedido" }).click();
    await dpo.getByText("Fundamento da recusa").waitFor();
    await doctor.goto(`${ORIGIN}/account`);
    await doctor.getByText("Você pode reclamar à ANPD").waitFor();
  });

  let follow = "";
  await step("the account is to be deleted, and its owner is out", async () => {
    await doctor.getByRole("link", { name: "Excluir minha conta" }).click();
    await doctor.getByRole("alertdialog", { name: "Esta ação é irreversível" }).waitFor();
    await look(doctor, "excluir-conta", KEY);
    await doctor.getByLabel(/para confirmar/).fill("sim");
    await doctor.getByRole("button", { name: "Excluir minha conta" }).click();
    await doctor.getByRole("alert").getByText("Digite EXCLUIR").waitFor();
    await doctor.getByLabel(/para confirmar/).fill("EXCLUIR");
    await doctor.getByRole("button", { name: "Excluir minha conta" }).click();
    await doctor.getByRole("heading", { name: "Sua conta sera excluida conforme previsto na LGPD" }).waitFor();
    follow = await doctor.locator("#link").innerText();
    await look(doctor, "excluir-pedido");
    await doctor.goto(`${ORIGIN}/conversas`);
    await doctor.waitForURL("**/entrar");
    await doctor.goto(follow);
    await doctor.getByText("Recebido").waitFor();
  }, { refusals: [422] });

  await step("planned by one, approved by another", async () => {
    await dpo.goto(`${ORIGIN}/conformidade/pedidos`);
    await dpo.locator("[data-row]", { hasText: "Exclusão da conta" }).click();
    await dpo.getByRole("button", { name: "Começar a atender" }).click();
    await dpo.getByRole("button", { name: "Preparar o plano de exclusão" }).click();
    await dpo.getByText("Uma segunda pessoa responsável precisa conferir").waitFor();
    assert.equal(await dpo.getByRole("button", { name: "Aprovar e excluir" }).count(), 0);
    await look(dpo, "plano", KEY);
    const owner = await enter(SIGILO_E2E_OWNER);
    await owner.goto(dpo.url());
    await owner.getByRole("button", { name: "Aprovar e excluir" }).click();
    await owner.getByText("Plano aprovado por uma segunda pessoa").waitFor();
    await until("the job is done", async () => (await sql("SELECT count(*)::int AS n FROM fulfilment_plans WHERE status = 'closed'"))[0].n === 1);
    assert.equal((await sql("SELECT count(*)::int AS n FROM messages"))[0].n, 0);
    await owner.reload();
    await owner.getByText(/Recibo assinado ·/).waitFor();
    await look(owner, "plano-executado");
  });

  await step("a receipt that anybody can check", async () => {
    await doctor.goto(follow);
    await doctor.getByText("Concluído").waitFor();
    await look(doctor, "recibo", KEY);
    const [file] = await Promise.all([doctor.waitForEvent("download"), doctor.getByRole("link", { name: /Baixar o recibo/ }).click()]);
    const path = await file.path();
    const keys = await (await doctor.request.get(`${ORIGIN}/.well-known/sigilo-chaves.json`)).json();
    const check = (...more) => execFileSync(SIGILO_E2E_BINARY, ["receipt", "verify", ...more], { encoding: "utf8" });
    assert.match(check(path, "--key", keys.recibos[0].chave), /^Confere/);
    const text = await readFile(path, "utf8");
    assert.ok(!text.includes("Otávio") && !text.includes("60606"));
    const forged = `${path}.alterado`;
    await writeFile(forged, text.replace('"messages": 2', '"messages": 0'));
    assert.throws(() => check(forged), (error) => error.status === 1);
  });

  await step("nobody signs in any more", async () => {
    const again = await device();
    await again.goto(SIGILO_E2E_LINK);
    assert.equal(await again.getByRole("button", { name: "Continuar" }).count(), 0);
  }, { refusals: [410, 404] });
});
