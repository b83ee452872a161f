// Builds the editor into annotator/web/static. The same source gives the same bytes: no dates, no paths, no source map.
import * as esbuild from "esbuild";

const options = {
  entryPoints: { editor: "src/main.ts" },
  outdir: "../web/static",
  bundle: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  logLevel: "info",
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
