// Builds web-assets/dist: what the server embeds and serves under /assets.
//
// Every file carries a hash of its content in its name, so that browsers may keep it for ever;
// manifest.json maps the plain name to the hashed one. Text files get .br and .gz siblings,
// because compressing once here is better and cheaper than on each request.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, "dist");
const modules = path.join(root, "node_modules");

/** Entry points. `theme` runs before the first paint, so it stays tiny and alone. */
const entries = {
  theme: "src/theme.js",
  app: "src/app.js",
  auth: "src/auth.js",
  console: "src/console.js",
  agenda: "src/agenda.js",
};
const compressible = new Set([".css", ".js", ".svg", ".txt"]);
const manifest = {};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

async function emit(name, content) {
  const bytes = Buffer.from(content);
  const { name: stem, ext } = path.parse(name);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = `${stem}-${hash}${ext}`;
  await writeFile(path.join(dist, hashed), bytes);
  if (compressible.has(ext)) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    await writeFile(path.join(dist, `${hashed}.br`), brotliCompressSync(bytes, { params }));
    await writeFile(path.join(dist, `${hashed}.gz`), gzipSync(bytes, { level: 9 }));
  }
  manifest[name] = hashed;
  return hashed;
}

// Fonts first: the style sheet names them by their hash.
const fonts = path.join(modules, "@fontsource-variable/inter/files");
for (const subset of ["latin", "latin-ext"]) {
  const file = `inter-${subset}-wght-normal.woff2`;
  await emit(`inter-${subset}.woff2`, await readFile(path.join(fonts, file)));
}

await emit("mark.svg", await readFile(path.join(root, "src/mark.svg")));

const scripts = await esbuild.build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: dist,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  write: false,
});
for (const file of scripts.outputFiles) {
  await emit(path.basename(file.path), file.contents);
}

const styles = await esbuild.build({
  absWorkingDir: root,
  entryPoints: { app: "src/css/app.css", calendar: "src/css/calendar.css" },
  outdir: dist,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  target: ["chrome120", "firefox121", "safari17"],
  external: ["/assets/*"],
  write: false,
});
for (const file of styles.outputFiles) {
  const css = file.text.replaceAll(/\/assets\/(inter-[a-z-]+\.woff2)/g, (_, name) => `/assets/${manifest[name]}`);
  await emit(path.basename(file.path), css);
}

// The licences of what is bundled go along with it, as they ask.
const parts = [
  "htmx.org", "bootstrap", "@fontsource-variable/inter",
  // The report's fonts, which go along in each PDF.
  "@expo-google-fonts/inter", "@expo-google-fonts/jetbrains-mono",
  // The SQL editor and what it stands on.
  "@codemirror/autocomplete", "@codemirror/commands", "@codemirror/lang-sql", "@codemirror/language", "@codemirror/state",
  "@codemirror/view", "@lezer/common", "@lezer/highlight", "@lezer/lr", "@marijn/find-cluster-break", "crelt", "style-mod",
  "w3c-keyname",
  // The calendar and what it stands on.
  "@event-calendar/core", "svelte", "esm-env",
];
let notices = "Third-party parts served by Sigilo\n";
for (const name of parts) {
  const folder = path.join(modules, name);
  const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  // A package of fonts has a licence of its own and the fonts' one.
  const files = (await readdir(folder)).filter((entry) => /^licen[cs]e/i.test(entry));
  const file = files.find((entry) => /font/i.test(entry)) ?? files[0];
  // The calendar names the MIT licence without bringing its text, which reads the same in any package under it.
  const text = file === undefined && license === "MIT"
    ? `Copyright (c) the authors of ${name}\n${(await readFile(path.join(modules, "svelte/LICENSE.md"), "utf8")).replace(/^.*\n/, "")}`
    : await readFile(path.join(folder, file), "utf8");
  notices += `\n${"=".repeat(72)}\n${name} ${version} (${license})\n${"=".repeat(72)}\n\n${text.trim()}\n`;
}
await emit("licences.txt", notices);

// Last, so that a build that stopped half-way is not mistaken for a whole one.
await writeFile(path.join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const [name, hashed] of Object.entries(manifest)) {
  console.log(`${name.padEnd(20)} ${hashed}`);
}
