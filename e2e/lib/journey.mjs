// One journey: a browser, its steps, and what must hold on every page of it.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { hangUp } from "./link.mjs";

/** Where the site is, such as http://localhost:41234. */
export const ORIGIN = process.env.SIGILO_E2E_ORIGIN ?? "";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const BROWSER = process.env.SIGILO_CHROMIUM
  ?? NAMES.flatMap((name) => (process.env.PATH ?? "").split(":").map((folder) => path.join(folder, name))).find(existsSync);

/** What went wrong on pages of the site, whatever the steps were looking at. */
const wrong = [];
const allowed = new Set();
/** @type {import("playwright-core").Browser | undefined} */
let browser;
/** @type {import("playwright-core").Page | undefined} */
let last;
let current = "start";

/**
 * A page of a browser of its own, as if on another device.
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function device(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    locale: "pt-BR",
    timezoneId: "America/Sao_Paulo",
    ...options,
  });
  context.setDefaultTimeout(30_000);
  await context.exposeBinding("sigiloViolation", (_, text) => wrong.push(`${current}: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.sigiloViolation(`policy ${event.effectiveDirective} refused ${event.blockedURI} on ${location.pathname}`);
    });
  });
  context.on("weberror", (error) => wrong.push(`${current}: ${error.error().stack}`));
  context.on("console", (message) => {
    const { url } = message.location();
    if (message.type() !== "error" || (url && !url.startsWith(ORIGIN))) return;
    const failed = /status of (\d+)|(net::ERR_[A-Z_]+|Failed to fetch)/.exec(message.text());
    if (!failed || !allowed.has(failed[2] ? "network" : Number(failed[1]))) wrong.push(`${current}: ${message.text()} (${url})`);
  });
  const page = await context.newPage();
  last = page;
  return page;
}

/**
 * One step. `refusals` are the statuses that the site is expected to answer with during it, or "network" where
 * it is not reached: the browser reports each of them as an error.
 * @param {string} what
 * @param {() => Promise<void>} act
 * @param {{refusals?: (number | "network")[]}} [options]
 */
export async function step(what, act, { refusals = [] } = {}) {
  const started = Date.now();
  current = what;
  for (const status of refusals) allowed.add(status);
  await act();
  // The browser reports an answer's error a moment after the page has it; the next step may report it.
  for (const status of allowed) if (!refusals.includes(status)) allowed.delete(status);
  process.stdout.write(`  ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}

/**
 * Runs a journey and ends the process: 0 when it went well.
 * @param {() => Promise<void>} act
 */
export async function journey(act) {
  if (!BROWSER) {
    console.error("Chromium was not found. Run scripts/install test, or set SIGILO_CHROMIUM to a browser.");
    process.exit(2);
  }
  let code = 0;
  try {
    browser = await chromium.launch({
      executablePath: BROWSER,
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"],
    });
    await act();
    if (wrong.length > 0) throw new Error(`The pages reported errors:\n${wrong.join("\n")}`);
  } catch (error) {
    code = 1;
    console.error(`Failed at “${current}”: ${error?.stack ?? error}`);
    if (wrong.length > 0) console.error(`The pages reported:\n${wrong.join("\n")}`);
    await show();
  }
  await browser?.close().catch(() => {});
  hangUp();
  process.exitCode = code;
}

/** What the last page looked like when a step failed. */
async function show() {
  if (!last || last.isClosed()) return;
  const file = path.join(process.env.SIGILO_SHOTS ?? tmpdir(), `sigilo-falha-${process.pid}.png`);
  await last.screenshot({ path: file }).catch(() => {});
  const tree = await last.locator("body").ariaSnapshot({ timeout: 5_000 }).catch(() => "");
  console.error(`The page was ${last.url()}, saved in ${file}:\n${tree.slice(0, 4_000)}`);
}
