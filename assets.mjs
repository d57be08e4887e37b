/* Builds static/vendor/ from the packages that package-lock.json pins: node assets.mjs
   The folder is never committed. Run again after a template starts to use a Tabler class it did not use before. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "static", "vendor");
const modules = join(here, "node_modules");
const require = createRequire(import.meta.url);
const TARGET = ["es2022", "safari16"];

/* Only the kinds of trace that a figure of ours uses; charts.js names them. */
async function plotly() {
  await build({
    stdin: {
      contents: `
        const Plotly = require("plotly.js/lib/core");
        Plotly.register([
          require("plotly.js/lib/bar"), require("plotly.js/lib/sankey"),
          require("plotly.js/lib/waterfall"), require("plotly.js/lib/heatmap"),
        ]);
        module.exports = Plotly;`,
      resolveDir: here,
      loader: "js",
    },
    outfile: join(out, "plotly-custom.js"),
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "Plotly",
    target: TARGET,
    define: { global: "window", "define.amd": "false" },
    alias: { stream: "stream-browserify" },
    /* The map traces are not in the bundle, so the style sheet of their library is not needed either. */
    loader: { ".css": "empty" },
    banner: { js: `/*! plotly.js, MIT, see licenses/plotly.js.txt */` },
    legalComments: "none",
    logLevel: "warning",
  });
}

/* Plotly writes its own rules into a <style> element, which the page's policy refuses. It skips that when an
   element with its id is there already, so the same rules are served as a file. */
async function plotlyRules() {
  const source = await readFile(require.resolve("plotly.js/build/plotcss.js"), "utf8");
  const rules = runInNewContext(`(${source.match(/var rules = (\{[\s\S]*?\n\});/)[1]})`);
  const lines = Object.entries(rules).map(([selector, declarations]) => {
    const full = selector.split(",").map((part) => part.replace(/^X/, ".js-plotly-plot .plotly").replace(/^Y/, ".plotly-notifier"));
    return `${full.join(",")}{${declarations}}`;
  });
  lines.push(".js-plotly-plot .plotly .heatmaplayer image{image-rendering:pixelated}");
  await writeFile(join(out, "plotly-base.css"), `${lines.join("\n")}\n`);
}

/* Tabler's full sheet is 500 KB. Keep the rules that a template, a script or a view can reach. */
async function tabler() {
  const [sheet] = await new PurgeCSS().purge({
    css: [join(modules, "@tabler/core/dist/css/tabler.css")],
    content: ["templates/**/*.html", "static/js/*.js", "dashboards/**/*.py", "billing_ingest/**/*.py"].map((glob) => join(here, glob)),
    variables: true,
    keyframes: true,
    fontFace: true,
    safelist: { variables: [/^--tblr-(body|font|primary|link|border|bg-surface)/] },
  });
  const { code } = await transform(sheet.css, { loader: "css", minify: true, target: TARGET, legalComments: "none" });
  await writeFile(join(out, "tabler.min.css"), `/*! Tabler, MIT, see licenses/tabler.txt */\n${code}`);
}

async function copies() {
  await cp(join(modules, "htmx.org/dist/htmx.min.js"), join(out, "htmx.min.js"));
  await cp(join(modules, "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"), join(out, "inter-latin-wght-normal.woff2"));
}

/* The licence of each package goes with its files. Tabler ships a notice but no text: both are joined here. */
async function licenses() {
  const folder = join(out, "licenses");
  await mkdir(folder, { recursive: true });
  for (const name of ["plotly.js", "htmx.org", "@fontsource-variable/inter"])
    await cp(join(modules, name, "LICENSE"), join(folder, `${name.split("/").pop()}.txt`));
  const sheet = await readFile(join(modules, "@tabler/core/dist/css/tabler.css"), "utf8");
  const mit = await readFile(join(modules, "plotly.js/LICENSE"), "utf8");
  const notice = sheet.match(/\/\*!([\s\S]*?)\*\//)[1].replace(/^ \* ?/gm, "").trim();
  await writeFile(join(folder, "tabler.txt"), `${notice}\n\n${mit.slice(mit.indexOf("Permission is hereby granted"))}`);
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([plotly(), plotlyRules(), tabler(), copies(), licenses()]);
