// Builds `dist/page.js` from `src` and the contracts, or checks with `--check` that it is what they build to.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

const run = (program, ...words) => execFileSync(`node_modules/.bin/${program}`, words, { stdio: "inherit" });
run("buf", "generate");
run("tsc");
const check = process.argv.includes("--check");
const { outputFiles } = await build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/page.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  write: !check,
});
if (check && outputFiles[0].text !== (await readFile("dist/page.js", "utf8"))) {
  console.error("dist/page.js is not what the sources build to: run `npm run build` in services/edge/page");
  process.exit(1);
}
