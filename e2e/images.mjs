// Images with a message: attached by button, drop and paste, refused with a reason, covered before they leave.
// Runs on a demonstration, entered by the link that it printed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { device, journey, step } from "./lib/journey.mjs";
import { composer, newConversation, onboard } from "./lib/doctor.mjs";
import { answers, count, finished, harmless } from "./lib/answer.mjs";
import { sql, until } from "./lib/link.mjs";
import { KEY, look } from "./lib/screen.mjs";

const LINK = process.env.SIGILO_E2E_LINK;
const FIXTURES = new URL("../crates/image/tests/fixtures/", import.meta.url);
const NAME = "Zuleimara Xavantelo.png";

const fixture = async (name) => readFile(new URL(name, FIXTURES));
const items = (page) => page.getByRole("list", { name: "Imagens anexadas" }).getByRole("listitem");
const complaint = (page, text) => page.getByRole("alert").filter({ hasText: text }).first().waitFor();
const dialog = (page) => page.getByRole("dialog", { name: "Cobrir dados na imagem" });
const boxes = (page) => dialog(page).getByRole("group", { name: "Retângulos" }).getByRole("button");

/** A picture with a name written into it, as an ultrasound has it. */
const ultrasound = (page, type = "image/png") => page.evaluate(async (type) => {
  const canvas = document.createElement("canvas");
  canvas.width = 800;
  canvas.height = 600;
  const context = canvas.getContext("2d");
  context.fillStyle = "#223";
  context.fillRect(0, 0, 800, 600);
  context.fillStyle = "#99a";
  context.beginPath();
  context.ellipse(400, 340, 220, 160, 0.3, 0, 7);
  context.fill();
  context.fillStyle = "#fff";
  context.font = "28px sans-serif";
  context.fillText("ZULEIMARA XAVANTELO 12/03/1971", 20, 40);
  const blob = await new Promise((done) => canvas.toBlob(done, type));
  return [...new Uint8Array(await blob.arrayBuffer())];
}, type).then((bytes) => Buffer.from(bytes));

/** What the form would send: names, types, sides, and the colours at some points of the first. */
const waiting = (page, points = []) => page.evaluate(async (points) => {
  const { files } = document.getElementById("imagens");
  const all = [];
  for (const file of files) {
    const bitmap = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const colours = points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).join());
    const text = new TextDecoder("latin1").decode(await file.arrayBuffer());
    all.push({ name: file.name, type: file.type, width: bitmap.width, height: bitmap.height, colours, exif: text.includes("Exif") });
  }
  return all;
}, points);

/** Gives files to the composer as dropping or pasting them does. */
const give = (page, how, files) => composer(page).evaluate((field, { how, files }) => {
  const transfer = new DataTransfer();
  for (const { name, mimeType, bytes } of files) transfer.items.add(new File([new Uint8Array(bytes)], name, { type: mimeType }));
  const options = { bubbles: true, cancelable: true };
  const event = how === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer });
  field.dispatchEvent(event);
  return event.defaultPrevented;
}, { how, files: files.map(({ buffer, ...file }) => ({ ...file, bytes: [...buffer] })) });

await journey(async () => {
  const page = await device();
  await page.goto(LINK);
  await page.getByRole("button", { name: "Continuar" }).click();
  await onboard(page, { crm: "50505", state: "PE" });
  await newConversation(page);
  const input = page.getByLabel("Anexar imagens");
  const confirm = page.getByRole("checkbox", { name: /^Conferi que não há nome/ });
  const picture = await ultrasound(page);
  const png = (buffer, name = NAME) => ({ name, mimeType: "image/png", buffer });

  await step("what is no accepted image is refused before it leaves, with a reason", async () => {
    assert.equal(await confirm.isVisible(), false);
    const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from("DICM\x02\x00")]);
    for (const [buffer, words] of [
      [Buffer.from("<?php echo 1;"), "não é JPEG, PNG nem WebP"],
      [Buffer.from("%PDF-1.7"), "Arquivos PDF não são aceitos"],
      [dicom, "Arquivos DICOM não são aceitos"],
      [Buffer.alloc(0), "O arquivo está vazio"],
      [Buffer.concat([picture, Buffer.alloc(5 * 1024 * 1024)]), "passa de 5 MB"],
      [picture.subarray(0, 40), "está danificada"],
    ]) {
      await input.setInputFiles([png(buffer)]);
      await complaint(page, words);
      assert.deepEqual(await waiting(page), []);
    }
    await look(page, "imagem-recusada");
  });

  await step("up to three, by button, drop and paste", async () => {
    await input.setInputFiles([png(picture)]);
    await items(page).first().waitFor();
    assert.equal(await page.getByRole("alert").filter({ hasText: "danificada" }).count(), 0, "an old complaint is gone");
    assert.ok(await give(page, "drop", [{ name: "a.jpg", mimeType: "text/plain", buffer: await fixture("camera.jpg") }]));
    await items(page).nth(1).waitFor();
    assert.ok(await give(page, "paste", [{ name: "image.webp", mimeType: "image/webp", buffer: await fixture("camera.webp") }]));
    await items(page).nth(2).waitFor();
    await page.getByText(/^3 de 3 imagens/).waitFor();
    await give(page, "drop", [png(picture)]);
    await complaint(page, "São até 3 imagens por mensagem");
    const sent = await waiting(page);
    assert.deepEqual(sent.map(({ name, type }) => [name, type]), [
      ["imagem-1.png", "image/png"],
      ["imagem-2.jpg", "image/jpeg"],
      ["imagem-3.webp", "image/webp"],
    ], "the names given to them stay in the browser");
    await page.getByRole("img", { name: /^Imagem 2: JPEG, \d+ KB, 16 × 24 pontos$/ }).waitFor();
    await look(page, "imagens", KEY);
  });

  await step("the mouse covers a name, and what lay below is gone", async () => {
    await page.getByRole("button", { name: "Cobrir dados na imagem 1" }).click();
    await dialog(page).getByRole("img", { name: /^Imagem 1, 800 × 600/ }).waitFor();
    const apply = dialog(page).getByRole("button", { name: "Aplicar" });
    assert.equal(await apply.isDisabled(), true);
    const canvas = await dialog(page).locator("canvas").boundingBox();
    const scale = canvas.width / 800;
    const at = (x, y) => [canvas.x + x * scale, canvas.y + y * scale];
    await page.mouse.move(...at(10, 10));
    await page.mouse.down();
    await page.mouse.move(...at(300, 30));
    await page.mouse.move(...at(560, 60));
    await page.mouse.up();
    await boxes(page).first().waitFor();
    await page.mouse.click(...at(400, 300));
    assert.equal(await boxes(page).count(), 1, "a click covers nothing");
    // Moved away by dragging, and brought back by undoing.
    await page.mouse.move(...at(200, 30));
    await page.mouse.down();
    await page.mouse.move(...at(200, 200), { steps: 3 });
    await page.mouse.up();
    assert.match(await boxes(page).first().getAttribute("aria-label"), /e 18\d do alto/);
    await page.keyboard.press("Control+z");
    await dialog(page).getByText("Desfeito. 1 retângulo.").waitFor();
    assert.match(await boxes(page).first().getAttribute("aria-label"), /^Retângulo 1: 5[45]\d × \d+ pontos, a (9|10|11) da esquerda e (9|10|11) do alto$/);
    await look(page, "cobrir", KEY);
    await apply.click();
    await dialog(page).waitFor({ state: "hidden" });
    await items(page).first().getByText("Dados cobertos").waitFor();
    const [covered] = await waiting(page, [[30, 30], [300, 40], [540, 20], [400, 340], [700, 500]]);
    assert.deepEqual(covered.colours.slice(0, 3), ["0,0,0", "0,0,0", "0,0,0"]);
    assert.deepEqual(covered.colours.slice(3), ["153,153,170", "34,34,51"], "the rest is as it was");
    assert.deepEqual([covered.type, covered.width, covered.height], ["image/png", 800, 600]);
  });

  await step("the keyboard alone covers a photograph, which stays upright and loses its EXIF", async () => {
    const [, before] = await waiting(page);
    assert.equal(before.exif, true);
    await page.getByRole("button", { name: "Cobrir dados na imagem 2" }).focus();
    await page.keyboard.press("Enter");
    await dialog(page).getByRole("img", { name: /^Imagem 2, 16 × 24/ }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.ariaLabel);
    await until("the focus is in the dialog", async () => (await focused()) === "Adicionar retângulo");
    await page.keyboard.press("Enter");
    await until("the new rectangle has the focus", async () => (await focused()).startsWith("Retângulo 1: 4 × 4"));
    for (const key of ["ArrowLeft", "ArrowUp"]) for (let n = 0; n < 4; n++) await page.keyboard.press(key);
    const label = await focused();
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    assert.notEqual(await focused(), label);
    await page.keyboard.press("Delete");
    assert.equal(await boxes(page).count(), 0);
    await page.keyboard.press("Control+z");
    assert.equal(await boxes(page).count(), 1);
    await dialog(page).getByRole("button", { name: "Aplicar" }).press("Enter");
    await dialog(page).waitFor({ state: "hidden" });
    const [, after] = await waiting(page);
    assert.deepEqual([after.type, after.width, after.height, after.exif], ["image/jpeg", 16, 24, false]);
    assert.equal(await page.evaluate(() => document.activeElement.tagName !== "BODY"), true, "the focus is not lost");
  });

  await step("giving up changes nothing", async () => {
    const before = await waiting(page, [[1, 1]]);
    await page.getByRole("button", { name: "Cobrir dados na imagem 3" }).click();
    await dialog(page).getByRole("button", { name: "Adicionar retângulo" }).click();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "hidden" });
    assert.deepEqual(await waiting(page, [[1, 1]]), before);
    await page.getByRole("button", { name: "Cobrir dados na imagem 3" }).click();
    await dialog(page).getByRole("img", { name: /^Imagem 3, 24 × 16/ }).waitFor();
    assert.equal(await boxes(page).count(), 0);
    await dialog(page).getByRole("button", { name: "Cancelar" }).click();
    await page.getByRole("button", { name: "Retirar a imagem 3" }).click();
    assert.equal(await items(page).count(), 2);
  });

  await step("nothing leaves before the doctor has looked", async () => {
    await composer(page).fill("Ultrassonografia de abdome com imagem anecoica.");
    await page.getByRole("button", { name: "Enviar" }).click();
    assert.equal(await confirm.evaluate((box) => box.validity.valueMissing && document.activeElement === box), true);
    assert.equal(await page.getByRole("article").count(), 0);
    await confirm.check();
    await look(page, "imagens-conferidas");
    // What was looked at was another picture.
    await page.getByRole("button", { name: "Retirar a imagem 2" }).click();
    assert.equal(await confirm.isChecked(), false);
    await confirm.check();
  });

  await step("when sending fails, the images stay", async () => {
    await page.route(/\/mensagens$/, (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("alert").filter({ hasText: "A mensagem não foi enviada" }).waitFor();
    assert.equal(await items(page).count(), 1);
  }, { refusals: ["network"] });

  await step("what only the server sees through is refused, and neither text nor images are lost", async () => {
    const text = await composer(page).inputValue();
    const stored = await count("messages");
    const polyglot = Buffer.concat([picture, Buffer.from("<html><script>alert(1)</script></html>")]);
    for (const [buffer, words] of [
      [await fixture("animated.png"), "Imagem 2: Imagens animadas não são aceitas"],
      [polyglot, "Imagem 2: Há outros dados depois do fim da imagem PNG"],
    ]) {
      await input.setInputFiles([png(buffer)]);
      await items(page).nth(1).waitFor();
      await confirm.check();
      await page.getByRole("button", { name: "Enviar" }).click();
      await complaint(page, words);
      assert.equal(await composer(page).inputValue(), text);
      assert.equal(await items(page).count(), 2);
      assert.equal(await page.getByRole("article").count(), 0);
      await page.getByRole("button", { name: "Retirar a imagem 2" }).click();
    }
    assert.equal(await count("messages"), stored);
    assert.equal(await count("image_processing_logs"), 0, "nothing remains of what was refused");
    await confirm.check();
  }, { refusals: [422] });

  await step("sent, nothing of them stays on the page", async () => {
    const sent = page.waitForRequest((request) => request.method() === "POST" && /\/mensagens$/.test(request.url()));
    await page.getByRole("button", { name: "Enviar" }).click();
    assert.match((await sent).headers()["content-type"], /^multipart\/form-data; boundary=/);
    await page.getByRole("article").first().waitFor();
    await until("the images are gone", async () => (await items(page).count()) === 0);
    assert.deepEqual(await waiting(page), []);
    assert.equal(await confirm.isVisible(), false);
    assert.equal(await page.locator("[src^='blob:']").count(), 0);
    // Who sends the next message before looking at the answer has not seen its disclaimer.
    const told = async () => {
      await finished(answers(page).last());
      await until("the disclaimer counts as shown", async () => (await count("explainability_logs", "NOT disclaimer_shown")) === 0);
    };
    await told();
    // Without images it goes on as ever.
    await composer(page).fill("PA 120x80");
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("article").filter({ hasText: "PA 120x80" }).waitFor();
    await until("it is answered, too", async () => (await answers(page).count()) === 2);
    await told();
  });

  await step("three kinds reach the model without their metadata, and only their traces stay", async () => {
    await newConversation(page);
    const kinds = [["camera.jpg", "image/jpeg"], ["notes.png", "image/png"], ["camera.webp", "image/webp"]];
    const files = await Promise.all(kinds.map(async ([name, mimeType]) => ({ name: `Zuleimara ${name}`, mimeType, buffer: await fixture(name) })));
    await input.setInputFiles(files);
    await items(page).nth(2).waitFor();
    await confirm.check();
    await composer(page).fill("Três imagens de controle.");
    await page.getByRole("button", { name: "Enviar" }).click();
    const article = page.getByRole("article").first();
    await article.getByText("Enviada com imagem, que não foi gravada.").waitFor();
    await finished(answers(page).first());
    await harmless(answers(page).first());
    await look(page, "mensagem-com-imagens", KEY);
    const rows = await sql(`SELECT image_mime_type AS mime, image_hash AS hash, image_size_bytes AS bytes, discarded_at >= processed_at AS gone,
        discarded_at <= now() AS past, storage_proof AS proof, image_width AS width, image_height AS height, removed_metadata AS removed,
        memory_checks AS checks, processing_duration_ms AS duration FROM image_processing_logs i
        WHERE message_id = (SELECT message_id FROM ai_answers ORDER BY created_at DESC LIMIT 1) ORDER BY 1`);
    assert.deepEqual(rows.map(({ mime }) => mime), ["image/jpeg", "image/png", "image/webp"]);
    for (const [at, row] of rows.entries()) {
      const file = files[at].buffer;
      assert.deepEqual([row.hash, row.bytes], [createHash("sha256").update(file).digest("hex"), file.length], "of the file as it came");
      assert.ok(row.gone && row.past && row.width > 0 && row.height > 0 && row.duration >= 0);
      assert.equal(row.proof, "processed_in_memory");
      assert.ok(row.removed.length > 0, "the metadata is named");
      for (const name of ["swap_off", "core_off", "dumpable_off", "wipe_allocator"]) assert.equal(typeof row.checks[name], "boolean", name);
      assert.ok(row.checks.core_off && row.checks.wipe_allocator);
    }
    assert.ok(rows[0].removed.some((name) => name.includes("EXIF")), rows[0].removed.join());
    assert.equal(await count("messages", "content LIKE '%Zuleimara%'"), 0);
  });
});
