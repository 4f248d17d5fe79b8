// A receptionist's day on the agenda, with somebody else at another desk: book, be refused with every reason and take a free
// time, move by drag and by dialog, undo, confirm, arrive, cancel, reschedule; by keyboard and on a telephone.
// SIGILO_E2E_DESK is the receptionist's link, _OWNER the other's; _DAY a Monday that is still to come.
import assert from "node:assert/strict";
import { ORIGIN, device, journey, step } from "./lib/journey.mjs";
import { KEY, TELEPHONE, look } from "./lib/screen.mjs";

const { SIGILO_E2E_DESK, SIGILO_E2E_OWNER, SIGILO_E2E_DAY } = process.env;
const AGENDA = `${ORIGIN}/agenda?dia=${SIGILO_E2E_DAY}`;

async function enter(link) {
  const page = await device();
  await page.goto(link);
  await page.getByRole("button", { name: "Continuar" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/entrar"));
  return page;
}

/// Chooses a patient by search, and everything else by name.
async function book(page, patient, hour, { more = {} } = {}) {
  await page.goto(`${ORIGIN}/agenda/novo?dia=${SIGILO_E2E_DAY}&hora=${hour}`);
  await page.getByLabel("Paciente", { exact: true }).fill(patient);
  await page.locator("#pacientes-achados").getByRole("radio", { name: patient }).check();
  await page.getByLabel("Serviço").selectOption({ label: "Avaliação da jornada (30 min)" });
  await page.getByLabel("Profissional").selectOption({ label: "Dra. Íris Campos" });
  for (const [label, value] of Object.entries(more)) await page.getByLabel(label).fill(value);
  await page.getByRole("button", { name: "Agendar", exact: true }).click();
}

const event = (page, patient) => page.locator(".agenda-event", { hasText: patient });

/// Whether the calendar shows somebody at an hour.
async function at(page, patient, hour) {
  await page.locator(".agenda-event", { hasText: patient }).filter({ hasText: hour }).waitFor();
}

/// Where something is, once the calendar has come to rest.
async function still(target) {
  let last = null;
  for (;;) {
    const box = await target.boundingBox();
    if (box && last && box.x === last.x && box.y === last.y && box.height === last.height) return box;
    last = box;
    await target.page().evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
  }
}

/// Drags an appointment so many half hours down.
async function drag(page, patient, halves) {
  const box = await still(event(page, patient));
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  // A drag begins with a small move, and the calendar follows each step.
  for (let part = 1; part <= 8; part += 1) await page.mouse.move(x, y + (box.height * halves * part) / 8);
  await page.mouse.up();
}

await journey(async () => {
  const desk = await enter(SIGILO_E2E_DESK);
  const owner = await enter(SIGILO_E2E_OWNER);

  await step("the desk starts at the agenda, and an empty day says what to do", async () => {
    assert.equal(new URL(desk.url()).pathname, "/agenda");
    await desk.goto(AGENDA);
    await desk.getByRole("button", { name: "Lista" }).click();
    await desk.getByText("Nada marcado neste dia.").waitFor();
    await look(desk, "agenda-vazia");
    await desk.getByRole("button", { name: "Dia", exact: true }).click();
    await owner.goto(AGENDA);
    await owner.locator(".ec").waitFor();
  });

  await step("what is missing is said beside its field", async () => {
    await desk.goto(`${ORIGIN}/agenda/novo`);
    await desk.getByRole("button", { name: "Agendar", exact: true }).click();
    await desk.getByText("Escolha o paciente.").waitFor();
    await desk.getByText("Informe a hora, como 14:30.").waitFor();
    await look(desk, "agendar-erros", KEY);
  }, { refusals: [422] });

  await step("booked at one desk, seen at the other", async () => {
    await book(desk, "Adélia Fontoura", "09:00");
    await desk.waitForURL(AGENDA);
    await at(desk, "Adélia Fontoura", "09:00");
    await at(owner, "Adélia Fontoura", "09:00");
    await look(desk, "agenda-dia", KEY);
  });

  await step("a refusal says why and offers the next free times", async () => {
    await book(desk, "Ítalo Drummond", "09:15");
    await desk.getByText("O profissional já atende (Adélia Fontoura Quintanilha) das 09:00 às 09:30.").waitFor();
    assert.equal(await desk.getByRole("button", { name: "Encaixar mesmo assim" }).count(), 0);
    await look(desk, "agendar-recusa", KEY);
    await desk.getByRole("button", { name: /às 09:30$/ }).click();
    await desk.waitForURL(AGENDA);
    await at(desk, "Ítalo Drummond", "09:30");
  }, { refusals: [409] });

  await step("outside the hours only on somebody's word", async () => {
    await book(desk, "Fátima Assunção", "12:15");
    await desk.getByText("O profissional não atende neste horário.").waitFor();
    await desk.getByRole("button", { name: "Encaixar mesmo assim" }).click();
    await desk.waitForURL(AGENDA);
    await event(desk, "Fátima Assunção").filter({ hasText: "encaixe" }).waitFor();
  }, { refusals: [409] });

  await step("dragged to another time, undone, and refused where somebody is", async () => {
    await drag(desk, "Ítalo Drummond", 2);
    await at(desk, "Ítalo Drummond", "10:30");
    await at(owner, "Ítalo Drummond", "10:30");
    await desk.getByRole("button", { name: "Desfazer" }).click();
    await at(desk, "Ítalo Drummond", "09:30");
    await drag(desk, "Ítalo Drummond", -1);
    const refusal = desk.getByRole("dialog", { name: "Este horário não pode ser dado" });
    await refusal.getByText("O profissional já atende").waitFor();
    await look(desk, "agenda-recusa");
    await refusal.getByRole("button", { name: "Deixar como estava" }).click();
    await at(desk, "Ítalo Drummond", "09:30");
  }, { refusals: [409] });

  await step("by keyboard: opened, confirmed, closed", async () => {
    await event(desk, "Adélia Fontoura").focus();
    await desk.keyboard.press("Enter");
    const card = desk.getByRole("complementary", { name: "Agendamento" });
    await card.getByRole("heading", { name: "Adélia Fontoura Quintanilha" }).waitFor();
    await card.getByRole("button", { name: "Confirmou" }).focus();
    await desk.keyboard.press("Enter");
    await card.getByText("Confirmado", { exact: true }).first().waitFor();
    await look(desk, "agenda-cartao", KEY);
    await desk.keyboard.press("Escape");
    await event(owner, "Adélia Fontoura").filter({ hasText: "Confirmado" }).waitFor();
  });

  await step("of two who act at once, the later one is told", async () => {
    await event(owner, "Ítalo Drummond").click();
    const card = owner.getByRole("complementary", { name: "Agendamento" });
    const [page] = [card.locator("[name=versao]").first()];
    await page.waitFor({ state: "attached" });
    // The other desk's card is as old as this; what it sends is refused, and shows how it stands now.
    await page.evaluate((field) => { field.value = "1"; });
    await card.getByRole("button", { name: "Confirmou" }).click();
    await card.getByText("Alguém mudou este agendamento", { exact: false }).waitFor();
  }, { refusals: [409] });

  await step("rescheduled by the form: the old one stays as rescheduled", async () => {
    await desk.goto(AGENDA);
    await event(desk, "Adélia Fontoura").click();
    await desk.getByRole("link", { name: "Remarcar" }).click();
    await desk.getByText("O agendamento de agora fica como remarcado").waitFor();
    await desk.getByLabel("Hora").fill("15:00");
    await look(desk, "remarcar");
    await desk.getByRole("button", { name: "Remarcar" }).click();
    await desk.waitForURL(AGENDA);
    await at(desk, "Adélia Fontoura", "15:00");
    await desk.locator(".agenda-is-rescheduled").waitFor();
  });

  await step("cancelled with whom it came from", async () => {
    await event(desk, "Fátima Assunção").click();
    const card = desk.getByRole("complementary", { name: "Agendamento" });
    await card.getByText("Cancelar agendamento").first().click();
    await card.getByLabel("O paciente desistiu").check();
    await card.getByRole("button", { name: "Cancelar agendamento" }).click();
    await card.getByText("Cancelado").first().waitFor();
    await desk.locator(".agenda-is-cancelled").waitFor();
  });

  await step("the week, the rooms, and the free times", async () => {
    await desk.goto(AGENDA);
    await desk.getByRole("button", { name: "Semana" }).click();
    await event(desk, "Ítalo Drummond").waitFor();
    await look(desk, "agenda-semana", { forms: [{ size: { width: 1440, height: 900 }, theme: "light" }] });
    await desk.getByRole("button", { name: "Salas" }).click();
    await event(desk, "Ítalo Drummond").waitFor();
    await look(desk, "agenda-salas", { forms: [{ size: { width: 1440, height: 900 }, theme: "dark" }] });
    await desk.getByRole("button", { name: "Dia", exact: true }).click();
    await desk.getByRole("link", { name: "Horários livres" }).click();
    await desk.getByLabel("Serviço").selectOption({ label: "Avaliação da jornada (30 min)" });
    await desk.getByLabel("A partir de").fill(SIGILO_E2E_DAY);
    await desk.getByRole("button", { name: "Procurar" }).click();
    await desk.getByRole("link", { name: "08:00" }).first().waitFor();
    await look(desk, "horarios-livres", KEY);
    await desk.getByRole("link", { name: "10:00" }).first().click();
    assert.equal(await desk.getByLabel("Hora").inputValue(), "10:00");
  });

  await step("on a telephone the day is a list, and one tap says who arrived", async () => {
    await desk.setViewportSize({ width: 390, height: 844 });
    await desk.goto(AGENDA);
    const line = desk.getByRole("listitem").filter({ hasText: "Ítalo Drummond" });
    await line.getByRole("button", { name: "Confirmou" }).click();
    await desk.getByRole("listitem").filter({ hasText: "Ítalo Drummond" }).getByText("Confirmado").waitFor();
    await look(desk, "agenda-lista", TELEPHONE);
  });
});
