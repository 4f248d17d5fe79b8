// The assistant as it is without keys and without network: 49 conditions, or an honest abstention.
// Runs on a demonstration as anybody gets it.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { DISCLAIMER, ask, finished, harmless, lastAnswer } from "./lib/answer.mjs";
import { newConversation, onboard } from "./lib/doctor.mjs";
import { until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const LINK = process.env.SIGILO_E2E_LINK;
const BANNER = /^Sem modelo de IA configurado\. Motor de regras com 49 condições \(DDXPlus, CC BY 4\.0\)/;

await journey(async () => {
  const page = await device();
  await page.goto(LINK);
  await page.getByRole("button", { name: "Continuar" }).click();
  await onboard(page, { crm: "80808", state: "BA" });

  await step("a clear note gets hypotheses, ranked, with what speaks for them", async () => {
    await newConversation(page);
    const answer = await ask(page, `Homem, 67 anos, hipertenso, tabagista. Há 2 horas dor torácica em aperto, intensa, irradiando para o braço esquerdo
      e mandíbula, com sudorese, náusea e falta de ar. Pai teve infarto. Nega febre e tosse.`);
    await finished(answer);
    await answer.getByText(BANNER).waitFor();
    await answer.getByText(DISCLAIMER).waitFor();
    const hypotheses = answer.locator("li.hypothesis");
    assert.ok((await hypotheses.count()) >= 2);
    const names = await hypotheses.locator("h4").allInnerTexts();
    assert.ok(names.slice(0, 3).some((name) => /infarto|coronarian|angina/i.test(name)), names.join("; "));
    await hypotheses.first().getByText("A favor", { exact: true }).waitFor();
    await answer.getByText("Não perder").first().waitFor();
    await answer.getByText(/\d+ % calculada/).first().waitFor();
    await answer.getByText(/CID-10/).first().waitFor();
    const links = await harmless(answer);
    assert.ok(links.length >= 1, "ready-made searches");
    await look(page, "local-hipoteses", KEY);
    const row = await lastAnswer();
    assert.equal(row.provider, "conhecimento_local");
    assert.ok(row.confidence_score > 0 && row.confidence_score <= 1);
    assert.deepEqual([row.tokens_input, row.tokens_output, row.abstained], [0, 0, false]);
    assert.ok(!row.explanation_content.includes("E-utilities") && row.explanation_content.includes("Nada saiu desta instalação."));
    await until("the disclaimer is confirmed", async () => (await lastAnswer()).disclaimer_shown);
  });

  await step("outside of what it knows it abstains, and says so", async () => {
    await newConversation(page);
    const answer = await ask(page, "Mulher, 34 anos. Queda de cabelo em placas há seis meses, unhas quebradiças, sem outras queixas.");
    await finished(answer);
    await answer.getByRole("heading", { name: "Sem hipóteses desta vez" }).waitFor();
    assert.equal(await answer.locator("li.hypothesis").count(), 0);
    await answer.getByText(BANNER).waitFor();
    await answer.getByText(DISCLAIMER).waitFor();
    await look(page, "local-abstencao", KEY);
    const row = await lastAnswer();
    assert.deepEqual([row.abstained, row.state], [true, "complete"]);
    await answer.getByRole("button", { name: "Registro para o prontuário" }).click();
    const record = answer.getByLabel("Texto do registro");
    await record.getByText("nenhuma", { exact: false }).waitFor();
  });

  await step("who answers is told, with its limits", async () => {
    await page.goto(`${ORIGIN}/governanca-ia`);
    await page.getByText("Motor de conhecimento local, sem modelo de IA").waitFor();
    await page.getByText("Nada: as respostas são feitas nesta instalação.").waitFor();
    await look(page, "governanca-local", KEY);
  });
});
