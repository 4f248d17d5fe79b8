// Consents that prove themselves: a receipt that checks offline and by its code, a text that two people put in force, and
// giving and withdrawing in as many steps. SIGILO_E2E_LINK is the doctor's, _OWNER and _DPO the others'.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { onboard } from "./lib/doctor.mjs";
import { KEY, look } from "./lib/screen.mjs";

const { SIGILO_E2E_LINK, SIGILO_E2E_OWNER, SIGILO_E2E_DPO, SIGILO_E2E_BINARY } = process.env;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  return page;
}

/// The card of a consent on the account page.
const card = (page, title) => page.locator("#consentimentos .row-item", { hasText: title });

async function download(page, link) {
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return file.path();
}

await journey(async () => {
  const doctor = await enter(SIGILO_E2E_LINK);
  await onboard(doctor, { crm: "70707", state: "SP" });
  let code;

  await step("a receipt that checks offline and by its code", async () => {
    await doctor.goto(`${ORIGIN}/account#consentimentos`);
    const ai = card(doctor, "Uso de inteligência artificial");
    await ai.getByText("Texto completo e histórico").click();
    await look(doctor, "consentimentos", KEY);
    const pdf = await download(doctor, ai.getByRole("link", { name: /^Comprovante/ }));
    const words = execFileSync("pdftotext", ["-raw", pdf, "-"]).toString().replaceAll(/\s/g, "");
    code = words.split("/consentimento/conferir/")[1].slice(0, 32);
    assert.match(code, /^[0-9a-f]{32}$/);
    if (process.env.SIGILO_SHOTS) execFileSync("pdftoppm", ["-r", "80", "-png", pdf, `${process.env.SIGILO_SHOTS}/comprovante`]);
    const proof = await download(doctor, ai.getByRole("link", { name: /^só a prova/ }));
    const keys = await (await fetch(`${ORIGIN}/.well-known/sigilo-chaves.json`)).text();
    const key = keys.split('"').find((part) => part.length === 44 && part.endsWith("="));
    const said = execFileSync(SIGILO_E2E_BINARY, ["consent", "verify", proof, "--key", key]).toString();
    assert.match(said, /De quem é o consentimento: confere[\s\S]*Confere\.\n$/);
  });

  const stranger = await device();
  await step("whoever holds the code learns that it holds, and no more", async () => {
    await stranger.goto(`${ORIGIN}/consentimento/conferir/${code}`);
    await stranger.getByText("Este consentimento existe e está em vigor.").waitFor();
    assert.ok(!(await stranger.locator("main").innerText()).includes("Otávio"));
    await look(stranger, "consentimento-conferido");
  });

  const dpo = await enter(SIGILO_E2E_DPO);
  const owner = await enter(SIGILO_E2E_OWNER);
  await step("a text of the clinic's own, by two people", async () => {
    await dpo.waitForURL("**/conformidade");
    await dpo.getByRole("link", { name: "Textos de consentimento" }).click();
    await look(dpo, "textos", KEY);
    await dpo.getByRole("link", { name: "Nova versão de Inteligência artificial", exact: true }).click();
    assert.equal(await dpo.getByLabel("Versão").inputValue(), "1.1");
    await dpo.getByLabel("Texto completo").fill("Curto.");
    await dpo.getByRole("button", { name: "Guardar o rascunho" }).click();
    await dpo.getByText("Escreva de 50 a 20000 caracteres.").waitFor();
    await look(dpo, "texto-novo", KEY);
    await dpo.getByLabel("Título").fill("Inteligência artificial na nossa clínica");
    await dpo.getByLabel("Texto completo").fill("O assistente desta clínica sugere hipóteses a partir do que você escreve, já sem dados pessoais. Você pode revogar quando quiser.");
    await dpo.getByLabel("Vale por quantos meses").fill("12");
    await dpo.getByRole("button", { name: "Guardar o rascunho" }).click();
    await dpo.getByRole("heading", { name: /O que muda em relação à versão 1.0/ }).waitFor();
    await look(dpo, "texto-rascunho", KEY);
    await dpo.getByLabel("Nota da revisão").fill("Conferidos a finalidade, o prazo e a linguagem.");
    await dpo.getByRole("button", { name: "Está revisado" }).click();
    await dpo.getByText("Quem escreveu ou revisou não aprova").waitFor();
    await owner.goto(dpo.url());
    await owner.getByRole("button", { name: "Aprovar e pôr em uso" }).click();
    await owner.getByText("Em uso", { exact: true }).waitFor();
  }, { refusals: [422] });

  await step("read again, given again, withdrawn as simply", async () => {
    await doctor.reload();
    const ai = card(doctor, "Inteligência artificial na nossa clínica");
    await ai.getByText("O texto mudou").waitFor();
    await ai.getByRole("button", { name: /Conceder de novo/ }).click();
    await ai.getByText("Vale até").waitFor();
    await ai.getByText("Texto completo e histórico").click();
    await ai.getByLabel("Motivo, se quiser dizer ao revogar").fill("Prefiro pensar sozinho");
    await ai.getByRole("button", { name: "Revogar" }).click();
    await ai.getByText("Não concedido").waitFor();
    await ai.getByText("Texto completo e histórico").click();
    await ai.getByText("Prefiro pensar sozinho").waitFor();
    await look(doctor, "consentimento-revogado", KEY);
    await stranger.reload();
    await stranger.getByText("outro, mais novo, tomou o lugar dele").waitFor();
    await ai.getByRole("button", { name: "Conceder" }).click();
    await ai.getByText("Vale até").waitFor();
  });
});
