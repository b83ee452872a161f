// Builds the editor into annotator/web/static. The same source gives the same bytes: no dates, no paths, no source map.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as esbuild from "esbuild";

const OUT = "../web/static";
const options = { outdir: OUT, bundle: true, target: "es2022", charset: "utf8", minify: true, legalComments: "none", logLevel: "info" };

// What draws the charts is a script of its own: only who looks at one fetches it.
const plots = await esbuild.build({ ...options, entryPoints: { plots: "src/widgets/drawing.ts" }, format: "esm", metafile: true });
writeFileSync(`${OUT}/plots.LICENSES.txt`, licences(plots.metafile));

const digest = createHash("sha256").update(readFileSync(`${OUT}/plots.js`)).digest("hex").slice(0, 16);
const editor = {
  ...options,
  entryPoints: { editor: "src/main.ts" },
  format: "iife",
  // Beside the editor's own script. The hash makes browsers fetch a new one.
  define: { PLOTS_SCRIPT: JSON.stringify(`./plots.js?v=${digest}`) },
  plugins: [{ name: "plots", setup: (build) => build.onResolve({ filter: /^\.\/plots\.js\?/ }, ({ path }) => ({ path, external: true })) }],
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context(editor);
  await context.watch();
} else {
  await esbuild.build(editor);
}

/** The licences of the packages of which something is in what was built. */
function licences({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0));
  const folders = new Set(files.map((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter((folder) => folder !== undefined));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${folder} has no licence to show`);
    return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  return `plots.js contains the packages below, each under its licence.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
