// Looking at a screen as a reviewer would: accessible, inside its width, and photographed.
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.SIGILO_SHOTS;

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
const PLAIN = [{ size: WIDE, theme: "light" }, { size: NARROW, theme: "dark" }];
const ALL = [...PLAIN, { size: WIDE, theme: "dark" }, { size: NARROW, theme: "light" }];
const NARROW_ONLY = ALL.filter(({ size }) => size === NARROW);

/** For the screens that matter most: both widths in both themes. */
export const KEY = { forms: ALL };
/** For a document of its own, which follows the reader's theme by itself. */
export const ALONE = { alone: true };
/** For what only a narrow screen has. */
export const TELEPHONE = { forms: NARROW_ONLY };

/**
 * Fails when the screen has a serious accessibility defect or overflows its width.
 * @param {import("playwright-core").Page} page
 * @param {string} name of the screenshot
 * @param {{forms?: {size: object, theme: string}[]}} [options] `KEY`, `TELEPHONE` or `ALONE`
 */
export async function look(page, name, { forms = PLAIN, alone = false } = {}) {
  for (const { size, theme } of forms) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await settled(page, alone ? null : theme);
    const where = `${name} at ${size.width} px, ${theme}`;
    await fits(page, where);
    await accessible(page, where);
    if (SHOTS) {
      await mkdir(SHOTS, { recursive: true });
      await page.screenshot({ path: path.join(SHOTS, `${name}-${size.width}-${theme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Waits for fonts and for the end of every transition: a colour half-way has no contrast. */
async function settled(page, theme) {
  if (theme) await page.waitForFunction((wanted) => document.documentElement.dataset.bsTheme === wanted, theme);
  await page.evaluate(async () => {
    const calm = async () => {
      await document.fonts.ready;
      await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
      const finite = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
      await Promise.allSettled(finite.map((one) => one.finished));
    };
    // An animation of what is no longer drawn never ends, and nothing else would end this.
    await Promise.race([calm(), new Promise((enough) => setTimeout(enough, 5_000))]);
  });
}

async function fits(page, where) {
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .slice(0, 5)
      .map((element) => element.outerHTML.slice(0, 120));
  });
  if (over.length > 0) throw new Error(`${where}: wider than the screen:\n${over.join("\n")}`);
}

async function accessible(page, where) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const bad = await page.evaluate(async () => {
    // The content behind a modal dialog is inert; axe would judge it all the same.
    const modal = document.querySelector("dialog:modal");
    const { violations } = await window.axe.run(modal ?? document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes.slice(0, 5).map((node) => `${node.html.slice(0, 200)} · ${node.failureSummary?.split("\n")[1]?.trim()}`),
      }));
  });
  if (bad.length > 0) throw new Error(`${where}: ${JSON.stringify(bad, null, 2)}`);
}
