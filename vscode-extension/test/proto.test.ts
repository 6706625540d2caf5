import { test } from "vitest";
import { Home } from "./harness/home";
import { installExtension, Server } from "./harness/server";
import { runInHost } from "./harness/in-host";
import { launchBrowser } from "./harness/browser";
import { mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
test("x", async () => {
 const t0 = Date.now(); const t = (s: string) => console.log(Date.now() - t0, s);
 await build({ entryPoints: ["test/host/index.ts"], bundle: true, platform: "node", format: "cjs", external: ["vscode"], outfile: "/tmp/stub/test/index.cjs", sourcemap: "inline" });
 const home = new Home();
 const work = home.folder + "/work/shop"; mkdirSync(work, { recursive: true }); writeFileSync(work + "/a.py", "def one():\n    return 1\n\n\ndef two():\n    return 2\n");
 writeFileSync(home.folder + '/de.json', '{"version":"1.0.0","contents":{"vs/platform/contextview/browser/contextMenuHandler": {}}}');
 writeFileSync(home.data + "/languagepacks.json", JSON.stringify({ de: { hash: "x", label: "Deutsch", extensions: [{ extensionIdentifier: { id: "tests.german" }, version: "1.0.0" }], translations: { vscode: home.folder + "/de.json" } } })); t("installed");
 const server = await Server.start(home, { locale: "de" }); t("server " + server.url);
 const browser = await launchBrowser(); t("browser");
 try {
  console.log(await runInHost({ server, browser, opened: work, extension: "/tmp/stub", tests: "/tmp/stub/test/index.cjs" })); t("x");
 } finally { await browser.close(); t("closing"); await server.stop(); t("stopped"); console.log(home.folder); }
}, 120000);
