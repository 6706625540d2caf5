import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { SHOP } from "../harness/shop";
import { until } from "../harness/until";
import { scene } from "./scene";

const stage = scene();
const KEY = "AIza-not-a-real-key-0123456789";

test("a key goes to the server's environment and into no file, and is forgotten on demand", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();

  await window.command("Code Search: Set Key of a Service…");
  await window.picker.getByRole("option", { name: /Gemini/ }).click();
  const box = window.picker.getByRole("textbox");
  await until("a box that hides what is typed", async () => (await box.getAttribute("type")) === "password");
  await box.fill(KEY);
  await window.page.keyboard.press("Enter");
  await until("the server to have the key", () => environments().some((text) => text.includes(`GEMINI_API_KEY=${KEY}`)));
  expect(files(stage().home.folder).filter((file) => readFileSync(file).includes(KEY))).toEqual([]);

  await window.command("Code Search: Remove Key of a Service…");
  await window.picker.getByRole("option", { name: /Gemini/ }).click();
  await until("a server without the key", () => environments().length > 0 && !environments().join().includes(KEY));
});

function environments(): string[] {
  return stage()
    .server.searchServers()
    .map(({ pid }) => readFileSync(`/proc/${pid}/environ`, "utf8"));
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
