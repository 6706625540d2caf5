// Takes the pictures of README.md from a real window: `npm run pictures`. They are the same every time on the same
// machine; the fonts are the machine's.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { scene } from "../e2e/scene";
import { codesearch } from "../harness/program";
import { COPY, SHOP } from "../harness/shop";
import { until } from "../harness/until";
import type { Workbench } from "../harness/workbench";
import { withPalette } from "./palette";

const PICTURES = join(import.meta.dirname, "..", "..", "media");
const MOST_BYTES = 60_000;
const STILL_MS = 4_000;
const QUESTION = "ask for a password without showing it";
const BEST = "password_option";

const settings = {
  "window.title": "${rootName}",
  "window.menuBarVisibility": "hidden",
  "workbench.layoutControl.enabled": false,
  "workbench.editor.empty.hint": "hidden",
  "editor.minimap.enabled": false,
  "editor.cursorBlinking": "solid",
  "editor.occurrencesHighlight": "off",
  "explorer.compactFolders": false,
};
const stage = scene({ settings });

const SHOWN = [
  { name: "search-light", theme: "Default Light Modern", viewport: { width: 1100, height: 640 } },
  { name: "search-dark", theme: "Default Dark Modern", viewport: { width: 1100, height: 640 } },
  { name: "narrow", theme: "Default Light Modern", viewport: { width: 600, height: 760 } },
];

test.each(SHOWN)("an answer, $name", async ({ name, theme, viewport }) => {
  stage().home.set({ "codesearch.path": codesearch(), ...settings, "workbench.colorTheme": theme });
  const window = await stage().open(stage().realRepository("click"), { viewport });
  await window.ask(QUESTION);
  await window.result(BEST).waitFor();
  if (name !== "narrow") {
    await window.result(BEST).click();
    await window.editor("decorators.py").waitFor();
  }
  await keep(name, window);
});

test("duplicates", async () => {
  stage().home.set({ "codesearch.path": codesearch(), ...settings, "workbench.colorTheme": "Default Light Modern" });
  const repository = stage().repository("shop", SHOP);
  repository.write({ "app/statistics.py": COPY });
  const window = await stage().open(repository, { viewport: { width: 1400, height: 560 } });
  await window.command("Code Search: Check Changed Functions for Duplicates");
  await window.duplicates.getByRole("treeitem", { name: /per_customer/ }).click();
  await window.page.getByRole("tab", { name: /monthly_totals.*per_customer/ }).waitFor();
  await keep("duplicates", window);
});

async function keep(name: string, { page }: Workbench): Promise<void> {
  const still = await settled(page);
  const blank = await page.context().newPage(); // VS Code's own page does not let pictures in
  const picture = await withPalette(still, blank);
  expect(picture.length).toBeLessThan(MOST_BYTES);
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(join(PICTURES, `${name}.png`), picture);
}

/** The window as soon as nothing has moved in it for a while: what is highlighted for a moment is over. */
async function settled(page: Page): Promise<Buffer> {
  const look = (): Promise<Buffer> => page.screenshot({ animations: "disabled", caret: "hide" });
  await page.mouse.move(0, 0);
  let last = await look();
  let since = Date.now();
  await until("a window in which nothing moves", async () => {
    const now = await look();
    if (!now.equals(last)) [last, since] = [now, Date.now()];
    return Date.now() - since > STILL_MS;
  });
  return last;
}
