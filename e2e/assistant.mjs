// An answer: announced with its disclaimer, streamed, its references verified, and what the doctor makes of it.
// Runs on a demonstration whose model and PubMed are stand-ins; with either dialect of the model.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { DISCLAIMER, NOTE, answers, ask, count, finished, harmless, lastAnswer, pubmed, release, witness } from "./lib/answer.mjs";
import { newConversation, onboard } from "./lib/doctor.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const LINK = process.env.SIGILO_E2E_LINK;
const PROVIDER = process.env.SIGILO_E2E_PROVIDER;
/** Nothing is verified before PubMed was asked. */
const PUBMED_ONLY = process.env.SIGILO_E2E_VERIFICATION === "somente-pubmed";

const reference = (answer, title) => answer.locator("li.reference").filter({ hasText: title });
const decision = (answer, what) => answer.getByRole("group", { name: `Sua decisão sobre ${what}` });

await journey(async () => {
  const page = await device();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: ORIGIN });
  await page.goto(LINK);
  await page.getByRole("button", { name: "Continuar" }).click();
  await onboard(page, { crm: "60606", state: "MG" });
  await newConversation(page);
  let answer;

  await step("the disclaimer is there before the first word", async () => {
    await pubmed("erro500");
    answer = await ask(page, `${NOTE} roteiro:espera`);
    const disclaimer = answer.getByText(DISCLAIMER);
    await disclaimer.waitFor();
    assert.equal(await answer.locator("[data-part=raciocinio]").textContent(), "");
    assert.equal(await answer.getByRole("heading", { name: "Hipóteses" }).isVisible(), false);
    await answer.getByRole("status").getByText("Enviando a pergunta…").waitFor();
    await answer.getByRole("button", { name: "Parar" }).waitFor();
    assert.equal(await count("messages", "role = 'assistant'"), 0, "nothing is stored before it is whole");
    await look(page, "resposta-esperando");
    await release();
    await finished(answer);
    await disclaimer.waitFor();
  });

  await step("PubMed away, the answer comes all the same; later it can be verified", async () => {
    assert.ok((await answer.getByText("Não verificada", { exact: true }).count()) >= 1);
    await answer.getByText("Isto não diz nada sobre o artigo.").first().waitFor();
    assert.equal(await answer.locator(".reference .tag").getByText("Não encontrada").count(), 0, "who was not asked did not deny");
    await look(page, "referencias-sem-pubmed");
    const { message_id: id } = await lastAnswer();
    const checks = () => count("ai_reference_checks", `message_id = '${id}'`);
    const before = await checks();
    await pubmed("nenhuma");
    const again = reference(answer, "AURORA-7");
    await again.getByRole("button", { name: "Verificar agora" }).click();
    await again.getByText("Não encontrada").waitFor();
    assert.equal(await checks(), before + 1, "the first verification stays");
    await page.reload();
    await reference(answers(page).last(), "AURORA-7").getByText("Não encontrada").waitFor();
  });

  await step("references are verified while the answer is read", async () => {
    await newConversation(page);
    const badges = await witness(page, ".reference .tag");
    if (PUBMED_ONLY) await pubmed("parado");
    answer = await ask(page, `${NOTE} roteiro:bom`);
    if (PUBMED_ONLY) {
      await answer.getByText("verificando…").nth(1).waitFor();
      await answer.getByRole("heading", { name: /Embolia pulmonar/ }).waitFor();
      await answer.getByRole("status").getByText("Conferindo referências…").waitFor();
      await look(page, "referencias-verificando");
      await pubmed("nenhuma");
    }
    await finished(answer);
    assert.ok((await badges()).includes("verificando…"), "each was shown before it was verified");
    assert.equal(await answer.locator("li.reference").count(), 5);
    await reference(answer, "Outcome of patients with sepsis").getByText("Verificada", { exact: true }).waitFor();

    const corrected = reference(answer, "Recognition and management of anthrax");
    await corrected.getByText("Verificada com correção").waitFor();
    const year = corrected.locator("dl div").filter({ hasText: "Ano" });
    assert.equal(await year.locator("del").innerText(), "2004");
    assert.match(await year.locator("ins").innerText(), /^200[1-3]$/);
    await corrected.getByText(/Título.*conferem/).waitFor();

    const retracted = reference(answer, "Mechanism of extracellular ATP");
    await retracted.getByText("Artigo retratado").waitFor();
    assert.equal(await retracted.getByText("Verificada", { exact: true }).count(), 0);
    const colour = (locator) => locator.evaluate((element) => getComputedStyle(element).color.match(/\d+/g).map(Number));
    const [red, green, blue] = await colour(retracted.getByText("Artigo retratado"));
    assert.ok(red > green && red > blue, "a retraction is red");

    const invented = reference(answer, "AURORA-7");
    await invented.getByText("Não encontrada").waitFor();
    await invented.getByRole("link", { name: /^Procurar/ }).waitFor();
    await reference(answer, "Portaria").getByText("Não verificável no PubMed").waitFor();
    const links = await harmless(answer);
    assert.ok(links.length >= 4, "the found ones lead to their article, the others to a search");
    await look(page, "resposta", KEY);
    const stored = await sql(`SELECT verdict, reason, retracted, pmid, source FROM ai_reference_checks c
        WHERE message_id = (SELECT message_id FROM ai_answers ORDER BY created_at DESC LIMIT 1) ORDER BY ordinal`);
    assert.deepEqual(stored.map(({ verdict }) => verdict).slice(0, 4),
      ["verificada", "verificada_com_correcao", stored[2].verdict, "nao_encontrada"]);
    assert.ok(stored[2].retracted && stored[2].pmid);
    assert.deepEqual([stored[3].pmid, stored[4].reason], [null, "guideline"]);
  });

  await step("how it was made is in the database and on the page", async () => {
    const row = await lastAnswer();
    for (const column of ["ai_model_used", "explanation_level", "explanation_content", "provider", "prompt_hash", "schema_hash", "stop_reason",
      "temperature_reason", "tokens_input", "tokens_output", "retries", "first_token_ms", "processing_time_ms", "verification_time_ms", "risk_class"]) {
      const filled = row[column] ?? (column === "temperature_reason" ? row.temperature : null);
      assert.ok(filled !== null && filled !== "", `${column} is empty`);
    }
    assert.deepEqual([row.provider, row.state, row.stop_reason], [PROVIDER, "complete", "complete"]);
    assert.equal(row.confidence_score, null, "a language model's own certainty is none");
    assert.ok(row.content.endsWith(DISCLAIMER.slice(0, -1)), "the disclaimer is stored with the text");
    assert.ok(row.tokens_input > 0 && row.tokens_output > 0);
    const [{ same }] = await sql(`SELECT content_hash = encode(sha256(content::bytea), 'hex') AS same FROM messages WHERE id = '${row.message_id}'`);
    assert.equal(same, true);
    await answer.getByText("Como esta resposta foi feita").click();
    const how = answer.locator(".answer-how");
    for (const words of [row.ai_model_used, "PubMed E-utilities", "o conteúdo dele não foi conferido", "1 de artigo RETRATADO"]) {
      await how.getByText(words, { exact: false }).first().waitFor();
    }
    await look(page, "resposta-como");
  });

  await step("the disclaimer counts as shown once a screen has shown it, and not before", async () => {
    const { message_id: id } = await lastAnswer();
    await until("the browser's confirmation is stored", async () => (await count("explainability_logs", `message_id = '${id}' AND disclaimer_shown`)) === 1);
    // Asked by a program, no screen shows it.
    await newConversation(page);
    const conversation = page.url().split("/").at(-1);
    await page.goto(`${ORIGIN}/account`);
    const sent = await page.evaluate(async (conversation_id) => {
      const body = JSON.stringify({ conversation_id, message: "Febre e tosse. roteiro:sem_referencias" });
      return (await fetch("/api/v1/process-message", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
    }, conversation);
    await until("it is stored", () => count("ai_answers", `message_id = '${sent.answer_id}'`));
    const shown = () => sql(`SELECT disclaimer_shown AS shown, human_in_the_loop_confirmed AS human FROM explainability_logs WHERE message_id = '${sent.answer_id}'`);
    assert.deepEqual(await shown(), [{ shown: false, human: false }]);
    await page.goto(`${ORIGIN}/conversas/${conversation}`);
    // A conversation opens at its end, and the disclaimer stays in sight with its answer.
    const { y } = await answers(page).first().getByText(DISCLAIMER).boundingBox();
    assert.ok(y > 0 && y < page.viewportSize().height, `at ${y}`);
    await until("it is confirmed", async () => (await shown())[0].shown);
    await answers(page).first().getByText("O modelo não citou referências.").first().waitFor();
    assert.equal((await shown())[0].human, false, "to look is not to decide");
  });

  await step("the doctor accepts, edits and rejects; nothing else confirms", async () => {
    await page.goto(`${ORIGIN}/conversas/${(await lastAnswerWithReferences()).conversation_id}`);
    answer = answers(page).last();
    await finished(answer);
    const { message_id: id } = await lastAnswerWithReferences();
    const confirmed = async () => count("explainability_logs", `message_id = '${id}' AND human_in_the_loop_confirmed`);
    assert.equal(await confirmed(), 0);
    const reasoning = decision(answer, "o raciocínio");
    await reasoning.getByRole("button", { name: "Aceitar" }).click();
    await reasoning.getByText("Aceita", { exact: true }).waitFor();
    assert.equal(await confirmed(), 1);

    const first = decision(answer, "esta hipótese").first();
    await first.getByText("Editar", { exact: true }).click();
    await first.getByLabel("Como esta hipótese deve ficar").fill("Sepse pulmonar; contato do filho (11) 98765-4321.");
    await first.getByLabel("Motivo (opcional)").fill("mais curto");
    await look(page, "resposta-editar");
    await first.getByRole("button", { name: "Gravar edição" }).click();
    await first.getByText("Editada").waitFor();
    await first.locator("blockquote").filter({ hasText: "Sepse pulmonar; contato do filho" }).waitFor();
    assert.ok((await first.locator("blockquote").innerText()).includes("TELEFONE REMOVIDO"));

    const third = decision(answer, "esta hipótese").nth(2);
    await third.getByText("Rejeitar", { exact: true }).click();
    await third.getByRole("button", { name: "Gravar rejeição" }).click();
    assert.equal(await third.getByLabel(/^Por que rejeita/).evaluate((field) => field.validity.valueMissing), true, "a rejection has a reason");
    await third.getByLabel(/^Por que rejeita/).fill("D-dímero normal");
    await third.getByRole("button", { name: "Gravar rejeição" }).click();
    await third.getByText("Rejeitada").waitFor();
    await third.getByText("Motivo: D-dímero normal").waitFor();

    const whole = decision(answer, "a resposta");
    await whole.getByRole("button", { name: "Aceitar" }).click();
    await whole.getByText("Aceita", { exact: true }).waitFor();
    await whole.getByText(/^Mudar de ideia/).click();
    await whole.getByText("Rejeitar", { exact: true }).click();
    await whole.getByLabel(/^Por que rejeita/).fill("mudei de ideia");
    await whole.getByRole("button", { name: "Gravar rejeição" }).click();
    await whole.getByText("Rejeitada").waitFor();

    await answer.getByLabel("Qual hipótese se confirmou?").selectOption({ index: 2 });
    await answer.getByRole("button", { name: "Registrar", exact: true }).click();
    await answer.getByText("Desfecho registrado").waitFor();
    await look(page, "resposta-decidida", KEY);

    const events = await sql(`SELECT kind, section, reason, edited_text, outcome FROM ai_review_events
        WHERE message_id = '${id}' AND kind <> 'disclaimer_rendered' ORDER BY created_at, id`);
    assert.deepEqual(events.map(({ kind, section }) => `${kind} ${section}`), ["accepted raciocinio", "edited hipotese-1",
      "rejected hipotese-3", "accepted resposta", "rejected resposta", "outcome resposta"], "only ever added to");
    assert.ok(!events[1].edited_text.includes("98765"));
    assert.deepEqual([events[2].reason, events[5].outcome], ["D-dímero normal", 2]);
    // A decision stands when the page is opened again.
    await page.reload();
    await decision(answers(page).last(), "a resposta").getByText("Rejeitada").waitFor();
    answer = answers(page).last();
  });

  await step("the record for the patient's file can be copied", async () => {
    await answer.getByRole("button", { name: "Registro para o prontuário" }).click();
    const record = answer.getByRole("region", { name: "Registro para o prontuário" });
    await record.waitFor();
    const text = await record.getByLabel("Texto do registro").textContent();
    const row = await lastAnswerWithReferences();
    for (const words of ["CFM nº 2.454/2026", row.ai_model_used, "Finalidade", "Sepse de foco pulmonar", "Outcome of patients with sepsis",
      "resposta rejeitada", "mudei de ideia", "CRM 60606/MG", DISCLAIMER]) assert.ok(text.includes(words), `${words} in ${text}`);
    for (const words of ["Mechanism of extracellular ATP", "AURORA-7"]) assert.ok(!text.includes(words), `${words} is no verified reference`);
    await record.getByRole("button", { name: "Copiar" }).click();
    await until("the clipboard has it", async () => (await page.evaluate(() => navigator.clipboard.readText())) === text);
    await look(page, "registro", KEY);
    assert.equal(await count("ai_review_events", "kind = 'record_copied'"), 1);
  });

  await step("text streams, and a page that is loaded again joins in", async () => {
    await newConversation(page);
    answer = await ask(page, `Evolução no dia seguinte. ${NOTE} roteiro:pausa`);
    const reasoning = answer.getByRole("region", { name: "Raciocínio" });
    await reasoning.getByText("sugere sepse de foco pulmonar").waitFor();
    await answer.getByRole("status").getByText("Escrevendo…").waitFor();
    assert.equal(await answer.getByRole("heading", { name: "Embolia pulmonar" }).count(), 0, "the rest is not there yet");
    await look(page, "resposta-escrevendo", KEY);
    const before = await count("ai_answers");
    await page.reload();
    answer = answers(page).last();
    await answer.getByText("sugere sepse de foco pulmonar").waitFor();
    assert.equal(await answer.getAttribute("aria-busy"), "true");
    await release();
    await finished(answer);
    assert.equal(await answer.getAttribute("aria-busy"), null);
    assert.equal(await count("ai_answers"), before + 1, "the reload asked for no second answer");
    const [{ text }] = await sql("SELECT structure->>'raciocinio' AS text FROM ai_answers ORDER BY created_at DESC LIMIT 1");
    assert.equal((await answer.locator("[data-part=raciocinio]").textContent()).trim(), text.trim(), "nothing twice, nothing lost");
  });

  async function lastAnswerWithReferences() {
    const [row] = await sql(`SELECT l.* FROM explainability_logs l WHERE EXISTS
        (SELECT FROM ai_reference_checks c WHERE c.message_id = l.message_id AND c.retracted) ORDER BY created_at DESC LIMIT 1`);
    return row;
  }
});
