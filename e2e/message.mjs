// A message: what will be removed is shown while writing, only the rest is stored, and the receipt proves it.
// Runs on a demonstration, entered by the link that it printed.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { composer, newConversation, onboard, send } from "./lib/doctor.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, TELEPHONE, look } from "./lib/screen.mjs";

const LINK = process.env.SIGILO_E2E_LINK;

const TEXT = `Paciente Marivalda Quintanilha Souto, 54 anos, CPF 529.982.247-25, telefone (11) 98765-4321,
e-mail marivalda.souto@correio.example, mora na Rua das Camélias, 45. Dona do Empório Sertanejo.
Cefaleia crônica. PA 120x80, losartana 50 mg.`;
const PRIVATE = ["Marivalda", "Quintanilha", "529.982.247-25", "98765-4321", "marivalda.souto", "Camélias", "Sertanejo"];
const KINDS = ["nome", "cpf", "telefone", "email", "endereco"];

const marks = (page, kind) => page.locator(`mark[data-kind="${kind}"]`);
const list = (page) => page.getByRole("navigation", { name: "Lista de conversas" });
const lastMessage = async () => (await sql(
  "SELECT id, content, content_hash, encode(sha256(content::bytea), 'hex') AS again FROM messages WHERE role = 'user' ORDER BY id DESC LIMIT 1",
))[0];

/** Selects a phrase in the field, as dragging over it would. */
async function select(page, phrase) {
  await composer(page).evaluate((field, phrase) => {
    const at = field.value.indexOf(phrase);
    field.focus();
    field.setSelectionRange(at, at + phrase.length);
  }, phrase);
}

await journey(async () => {
  const page = await device();

  await step("the demonstration's link leads in", async () => {
    await page.goto(LINK);
    await look(page, "link");
    await page.getByRole("button", { name: "Continuar" }).click();
    await onboard(page, { crm: "40404", state: "PE" });
  });

  await step("a new conversation waits for the case", async () => {
    await newConversation(page);
    assert.equal(await page.getByRole("button", { name: "Enviar" }).isDisabled(), true, "nothing to send yet");
    await look(page, "conversa-nova", KEY);
  });

  await step("what will be removed is marked while writing", async () => {
    await composer(page).pressSequentially("Paciente com CPF 123.456.789-00", { delay: 5 });
    await marks(page, "cpf").first().waitFor();
    await page.getByText("1 trecho será removido: CPF 1.").waitFor();
    await composer(page).fill(TEXT);
    for (const kind of KINDS) await marks(page, kind).first().waitFor();
    const kept = await page.locator("[data-mirror]").evaluate((mirror) => {
      const copy = mirror.cloneNode(true);
      for (const mark of copy.querySelectorAll("mark")) mark.remove();
      return copy.textContent;
    });
    for (const clinical of ["54 anos", "Cefaleia crônica", "PA 120x80", "losartana 50 mg"]) {
      assert.ok(kept.includes(clinical), `“${clinical}” survives`);
    }
  });

  await step("a phrase that escaped is removed by hand", async () => {
    const button = page.getByRole("button", { name: "Remover trecho selecionado" });
    await composer(page).press("Home");
    assert.equal(await button.isDisabled(), true);
    await select(page, "Empório Sertanejo");
    await button.click();
    await marks(page, "adicionado").getByText("Empório Sertanejo").waitFor();
    await look(page, "compositor", KEY);
    // Added by mistake, it can be dropped, and added again.
    await page.getByRole("button", { name: "Não remover mais: Empório Sertanejo" }).click();
    await marks(page, "adicionado").waitFor({ state: "detached" });
    await select(page, "Empório Sertanejo");
    await button.click();
    await marks(page, "adicionado").waitFor();
  });

  await step("when sending fails, the text stays", async () => {
    await page.route(/\/mensagens$/, (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("alert").filter({ hasText: "A mensagem não foi enviada" }).waitFor();
    assert.equal(await composer(page).inputValue(), TEXT);
    await look(page, "envio-falhou");
  }, { refusals: ["network"] });

  await step("only the de-identified text is stored, with its proof", async () => {
    await composer(page).press("Control+Enter");
    const article = page.getByRole("article").first();
    await article.waitFor();
    assert.equal(await composer(page).inputValue(), "");
    const shown = await article.innerText();
    const stored = await lastMessage();
    for (const secret of PRIVATE) {
      assert.ok(!stored.content.includes(secret), `${secret} is stored`);
      assert.ok(!shown.includes(secret), `${secret} is shown`);
      assert.ok(!(await page.title()).includes(secret), `${secret} is in the title`);
    }
    for (const tag of ["[NOME REMOVIDO]", "[CPF REMOVIDO]", "[TELEFONE REMOVIDO]", "[EMAIL REMOVIDO]"]) {
      assert.ok(stored.content.includes(tag), `${tag} in ${stored.content}`);
    }
    assert.ok(stored.content.includes("PA 120x80, losartana 50 mg."));
    assert.equal(stored.content_hash, stored.again);
    await look(page, "mensagem", KEY);
    await article.locator("summary").click();
    await article.getByText(stored.content_hash).waitFor();
    await article.getByText("HMAC", { exact: false }).first().waitFor();
    await look(page, "recibo", KEY);

    const [proof] = await sql(
      `SELECT a.sensitive_data_found, a.anonymized_content_hash = m.content_hash AS same,
              (SELECT sum(value::int)::int FROM jsonb_each_text(a.entities_detected)) AS counted,
              (SELECT count(*)::int FROM sensitive_data_detection_logs d WHERE d.message_id = m.id) AS detections,
              (SELECT count(*)::int FROM audit_logs l WHERE l.resource_id = m.id::text) AS audited
         FROM messages m JOIN anonymization_logs a ON a.message_id = m.id WHERE m.id = '${stored.id}'`,
    );
    assert.equal(proof.sensitive_data_found, true);
    assert.equal(proof.same, true);
    assert.equal(proof.counted, proof.detections);
    assert.ok(proof.detections >= 6);
    assert.equal(proof.audited, 2, "the event and the row's own");
  });

  await step("the manual's example", async () => {
    await composer(page).fill("Paciente com CPF 123.456.789-00");
    await send(page);
    const { content } = await lastMessage();
    assert.ok(content.includes("[CPF REMOVIDO]") && !/\d/.test(content), content);
    await composer(page).fill("PA 120x80");
    await send(page);
    assert.equal((await lastMessage()).content, "PA 120x80");
  });

  await step("a text that is too long is told apart before sending", async () => {
    await composer(page).fill("dor ".repeat(17_000));
    await page.getByText("Texto longo demais. Divida em duas mensagens.").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Enviar" }).isDisabled(), true);
    await composer(page).fill("");
  });

  await step("it can be renamed, and the title is de-identified too", async () => {
    await page.getByRole("button", { name: "Renomear conversa" }).click();
    await look(page, "renomear");
    await page.getByLabel("Título").fill("Cefaleia crônica, CPF 529.982.247-25");
    await page.getByRole("button", { name: "Salvar" }).click();
    await page.getByRole("heading", { level: 1, name: /^Cefaleia crônica, CPF \[CPF REMOVIDO\]|^Cefaleia crônica, \[CPF REMOVIDO\]/ }).waitFor();
    await list(page).getByText("Cefaleia crônica").waitFor();
    await page.getByRole("dialog", { name: "Renomear conversa" }).waitFor({ state: "hidden" });
  });

  await step("search forgives accents and stays out of the address", async () => {
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await newConversation(page);
    await composer(page).fill("Dor lombar há três dias.");
    await send(page);
    const search = page.getByRole("searchbox", { name: "Buscar conversas" });
    await search.fill("CRÔNICÁ cefaléia");
    await until("one conversation is left", async () => (await list(page).getByRole("link").count()) === 1);
    await list(page).getByRole("link", { name: /Cefaleia/ }).waitFor();
    await look(page, "busca");
    await search.fill("inexistente");
    await page.getByText("Nada encontrado.").waitFor();
    await search.fill("");
    await until("both are listed again", async () => (await list(page).getByRole("link").count()) === 2);
    assert.ok(asked.every((url) => !/cefal|inexist|cr%C3%94/i.test(url)), "no search in any address");
    assert.ok(!/cefal/i.test(page.url()));
  });

  await step("on a telephone the list is behind the menu", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${ORIGIN}/conversas`);
    const menu = page.getByRole("button", { name: "Abrir menu" });
    assert.equal(await list(page).isVisible(), false);
    await menu.click();
    await list(page).waitFor();
    await look(page, "menu", TELEPHONE);
    // Looking ends on a wide screen, which closes the menu.
    await page.setViewportSize({ width: 390, height: 844 });
    await menu.click();
    await page.keyboard.press("Escape");
    await list(page).waitFor({ state: "hidden" });
    assert.equal(await menu.evaluate((button) => button === document.activeElement), true, "the focus comes back");
    await menu.click();
    await list(page).getByRole("link", { name: /Cefaleia/ }).click();
    await page.getByRole("article").first().waitFor();
    assert.equal(await list(page).isVisible(), false);
    await composer(page).fill("PA 110x70");
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("article").filter({ hasText: "PA 110x70" }).waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await step("nothing of it stays in the browser's storage", async () => {
    const kept = await page.evaluate(async () => ({
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }));
    assert.deepEqual(kept, { local: [], session: [], databases: [], caches: [], workers: 0 });
  });

  await step("deleted, it is hidden and can be brought back", async () => {
    await list(page).getByRole("link", { name: /Cefaleia/ }).click();
    await page.getByRole("article").first().waitFor();
    const open = page.url();
    await page.getByRole("button", { name: "Excluir conversa" }).click();
    await page.getByRole("heading", { name: "Conversa excluída" }).waitFor();
    await look(page, "excluida");
    assert.equal(await list(page).getByRole("link", { name: /Cefaleia/ }).count(), 0);
    assert.equal((await page.request.get(open)).status(), 404);
    await page.getByRole("button", { name: "Desfazer" }).click();
    await page.waitForURL(open);
    assert.equal(await page.getByRole("article").count(), 4);
    await list(page).getByRole("link", { name: /Cefaleia/ }).waitFor();
    const [{ n }] = await sql("SELECT count(*)::int AS n FROM messages WHERE role = 'user'");
    assert.equal(n, 5, "nothing was destroyed");
  });

  await step("an address that does not exist is a clear page", async () => {
    const answer = await page.goto(`${ORIGIN}/conversas/00000000-0000-7000-8000-000000000000`);
    assert.equal(answer.status(), 404);
    await page.getByRole("heading", { name: "Página não encontrada" }).waitFor();
    await look(page, "nao-encontrada");
  }, { refusals: [404] });

  await step("the link works once", async () => {
    const other = await device();
    const answer = await other.goto(LINK);
    assert.equal(answer.status(), 410);
    await other.getByText("Este link já foi usado ou venceu").waitFor();
    await look(other, "link-usado");
    await other.context().close();
  }, { refusals: [410] });
});
