// Builds the tests of this folder into one module and has VS Code's extension host run it.

import { join } from "node:path";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launchBrowser } from "../harness/browser";
import { Home } from "../harness/home";
import { runInHost } from "../harness/in-host";
import { codesearch } from "../harness/program";
import { Repository } from "../harness/repository";
import { Server } from "../harness/server";
import { SHOP } from "../harness/shop";

const EXTENSION = join(import.meta.dirname, "..", "..");
const TESTS = join(EXTENSION, "dist-test", "host.cjs");

let browser: Browser;

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "index.ts")],
    outfile: TESTS,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    sourcemap: "inline",
  });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

/** The language of the window tells the tests which strings they are to expect. */
test.each([undefined, "de"])("all tests pass in the extension host (locale: %s)", async (locale) => {
  const home = new Home({ "codesearch.path": codesearch() });
  if (locale !== undefined) home.addLanguagePack(locale);
  const { folder } = Repository.create(join(home.folder, "shop"), SHOP);
  const server = await Server.start(home, locale === undefined ? {} : { locale });
  try {
    const { code, lines } = await runInHost({ server, browser, opened: folder, extension: EXTENSION, tests: TESTS });
    console.log(lines.join("\n"));
    expect(code, "failures are above").toBe(0);
  } finally {
    await server.stop();
    home.remove();
  }
});
