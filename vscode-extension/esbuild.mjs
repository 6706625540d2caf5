// Three bundles: what activation reads, the language client that it loads later, and the page
// of the search view. Beside them lie the page's style, its icons and the libraries' licenses.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import esbuild from "esbuild";

const watching = process.argv.includes("--watch");

/** `import("./x")` in the host's code loads the bundle `x.js` when it is reached. */
const laterBundles = {
  name: "later-bundles",
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${path.split("/").at(-1)}.js`, external: true } : null,
    );
  },
};

/** Writes the licenses of everything that was bundled, as they ask for. */
function writeLicenses(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder) folders.add(folder);
  }
  const texts = [...folders].sort().map((folder) => {
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(folder, file), "utf8") : about.license;
    return `${about.name} ${about.version}\n\n${text.trim()}\n`;
  });
  writeFileSync("dist/licenses.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
}

const common = {
  bundle: true,
  outdir: "dist",
  minify: !watching,
  sourcemap: watching,
  logLevel: "info",
  metafile: true,
};

const host = {
  ...common,
  entryPoints: ["src/extension.ts", "src/server/client.ts"],
  entryNames: "[name]",
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  // `require` in its stead: the extension host gives `vscode` to that alone.
  supported: { "dynamic-import": false },
  mainFields: ["module", "main"],
  plugins: [laterBundles],
};

const page = {
  ...common,
  entryPoints: { search: "src/search/page/page.ts", "search-style": "src/search/page/page.css" },
  platform: "browser",
  target: "es2022",
  format: "iife",
  loader: { ".svg": "file" },
  assetNames: "icons/[name]",
};

rmSync("dist", { recursive: true, force: true });
if (watching) {
  for (const options of [host, page]) await (await esbuild.context(options)).watch();
} else {
  const results = await Promise.all([esbuild.build(host), esbuild.build(page)]);
  writeLicenses(results.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
}
