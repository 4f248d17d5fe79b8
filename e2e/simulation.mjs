// The simulation of an audit and the report on it, as an auditor and an owner see them, and the check of a file by anybody.
// Runs on a demonstration; SIGILO_E2E_AUDITOR, _OWNER and _RECEPTION are links.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { sql } from "./lib/link.mjs";
import { ALONE, KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_AUDITOR, SIGILO_E2E_OWNER, SIGILO_E2E_RECEPTION } = process.env;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

await journey(async () => {
  const auditor = await enter(SIGILO_E2E_AUDITOR);
  await step("a simulation is begun with one button and watched", async () => {
    await auditor.waitForURL("**/auditoria");
    await auditor.getByRole("navigation", { name: "Auditoria" }).getByRole("link", { name: "Simulação" }).click();
    await auditor.getByText("Nenhuma simulação foi feita ainda.").waitFor();
    await look(auditor, "simulacao-inicio", KEY);
    await auditor.getByRole("button", { name: "Simular uma auditoria" }).click();
    await auditor.getByRole("heading", { level: 1, name: /Simulação de/ }).waitFor();
    await auditor.getByText("Em andamento").waitFor();
    await look(auditor, "simulacao-andamento");
    await auditor.getByText("Tudo como se espera").waitFor({ timeout: 90_000 });
    for (const title of ["1. Cadastro", "3. Remoção de dados", "8. Prazos de guarda"]) {
      await auditor.getByRole("heading", { name: title }).waitFor();
    }
    const stage = auditor.getByRole("listitem").filter({ hasText: "[CPF REMOVIDO]; a pressão" });
    await stage.getByText("Ver a linha e o comando").click();
    await stage.getByRole("cell", { name: /\[CPF REMOVIDO\]/ }).waitFor();
    await look(auditor, "simulacao", KEY);
    const [made] = await sql("SELECT outcome, jsonb_array_length(demonstrations) AS shown FROM audit_simulations");
    assert.deepEqual(made, { outcome: "ok", shown: 8 });
  });

  const files = {};
  await step("a report is issued with it, in three files", async () => {
    await auditor.getByRole("link", { name: "Emitir relatório com esta simulação" }).click();
    await auditor.getByLabel("De", { exact: true }).fill("2099-01-01");
    await auditor.getByRole("button", { name: "Emitir relatório" }).click();
    await auditor.getByText("O primeiro dia vem depois do último.").waitFor();
    const today = await auditor.getByLabel("Até", { exact: true }).inputValue();
    await auditor.getByLabel("De", { exact: true }).fill(today);
    assert.match(await auditor.getByLabel("Demonstrações").locator("option:checked").innerText(), /Simulação de/);
    await auditor.getByRole("button", { name: "Emitir relatório" }).click();
    await auditor.getByText(/Emitido em/).waitFor({ timeout: 60_000 });
    await look(auditor, "relatorios", KEY);
    for (const name of ["PDF", "Página", "Dados (JSON)"]) {
      const [download] = await Promise.all([
        auditor.waitForEvent("download"),
        auditor.getByRole("link", { name, exact: true }).click(),
      ]);
      files[name] = await readFile(await download.path());
    }
    assert.equal(files.PDF.subarray(0, 5).toString(), "%PDF-");
    const data = JSON.parse(files["Dados (JSON)"]);
    assert.equal(data.queries.length, 34);
    assert.equal(data.demonstrations.length, 8);
    assert.ok(!JSON.stringify(data.queries).includes("Otávio"), "people of the clinic are hidden");
    assert.ok(files["Página"].toString().includes(sha256(files["Dados (JSON)"])));
  }, { refusals: [422] });

  await step("the page of a report opens by itself and says the same", async () => {
    const reader = await device();
    await reader.setContent(files["Página"].toString());
    await reader.getByRole("heading", { level: 1, name: "Relatório de auditoria" }).waitFor();
    assert.equal(await reader.getByRole("heading", { level: 4 }).filter({ hasText: "SQL-" }).count(), 34);
    await look(reader, "relatorio", ALONE);
  });

  await step("anybody who has a file finds out whether it is one", async () => {
    const stranger = await device();
    await stranger.goto(`${ORIGIN}/relatorio/conferir`);
    await stranger.getByLabel("Arquivo").setInputFiles({ name: "r.pdf", mimeType: "application/pdf", buffer: files.PDF });
    await stranger.waitForFunction(() => document.getElementById("sha256").value.length === 64);
    assert.equal(await stranger.getByLabel("Resumo SHA-256").inputValue(), sha256(files.PDF));
    await stranger.getByRole("button", { name: "Conferir" }).click();
    await stranger.getByText("É um arquivo emitido aqui, sem nenhuma mudança.").waitFor();
    await stranger.getByText("Clínica Jardim das Acácias").waitFor();
    await look(stranger, "relatorio-conferido", KEY);
    await stranger.getByLabel("Resumo SHA-256").fill(sha256(Buffer.concat([files.PDF, Buffer.from(" ")])));
    await stranger.getByRole("button", { name: "Conferir" }).click();
    await stranger.getByText("Nenhum relatório emitido aqui tem este resumo.").waitFor();
    await stranger.getByLabel("Resumo SHA-256").fill("abc");
    await stranger.getByRole("button", { name: "Conferir" }).click();
    await stranger.getByText("O resumo tem 64 caracteres").waitFor();
  }, { refusals: [422] });

  await step("the owner sees both; without an access no report is issued", async () => {
    const owner = await enter(SIGILO_E2E_OWNER);
    await owner.goto(`${ORIGIN}/auditoria/relatorios`);
    await owner.getByText("quem o emite precisa de um").waitFor();
    await owner.getByText(/Emitido em/).waitFor();
    await owner.goto(`${ORIGIN}/auditoria/simulacao`);
    await owner.getByText("8 de 8 demonstrações feitas.").waitFor();
  });

  await step("others do not get in", async () => {
    const reception = await enter(SIGILO_E2E_RECEPTION);
    for (const path of ["/auditoria/simulacao", "/auditoria/relatorios"]) {
      await reception.goto(`${ORIGIN}${path}`);
      await reception.getByText("A auditoria é para auditores").waitFor();
    }
  }, { refusals: [403] });
});
