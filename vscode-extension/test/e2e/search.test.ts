import { expect, test } from "vitest";

import { SHOP } from "../harness/shop";
import { scene } from "./scene";

const stage = scene();

test("a real repository is indexed with progress, answers a question, and opens at the line", async () => {
  const repository = stage().realRepository("pygments");
  const window = await stage().open(repository);
  await window.statusItem.filter({ hasText: /\d+ ?%/ }).waitFor();
  await window.ask("find the class of a formatter by its alias");
  await window.openResult("find_formatter_class", "__init__.py", repository.line("src/pygments/formatters/__init__.py", "def find_formatter_class("));
  expect(await window.statusItem.innerText()).not.toContain("%");
});

test("a question is asked, read and opened with the keyboard alone", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.page.keyboard.press("Control+Alt+f");
  await window.searchPage();
  await window.page.keyboard.type("run all jobs until none is left");
  await window.page.keyboard.press("Enter");
  await window.result("drain").waitFor();
  await window.page.keyboard.press("ArrowDown"); // from the box to the results
  await window.focused(/^drain, /);
  await window.page.keyboard.press("Enter");
  await window.isAt("queue.py", repository.line("app/queue.py", "def drain("));
  await window.page.keyboard.insertText("# typed where the cursor is\n");
  await window.page.getByText("# typed where the cursor is").waitFor();
});

test("earlier questions are kept, newest first, and asked again", async () => {
  const window = await stage().open(stage().repository("shop", SHOP));
  await window.ask("run all jobs until none is left");
  await window.result("drain").waitFor();
  await window.ask("parse the configuration file");
  await window.result("load").waitFor();
  const page = await window.searchPage();
  await page.getByRole("button", { name: "Earlier questions" }).click();
  const options = page.getByRole("listbox", { name: "Earlier questions" }).getByRole("option");
  expect(await options.allInnerTexts()).toEqual(["parse the configuration file", "run all jobs until none is left"]);
  await options.nth(1).click();
  await window.result("drain").waitFor();

  await window.reload();
  await window.show();
  await (await window.searchPage()).getByRole("button", { name: "Earlier questions" }).click();
  const again = (await window.searchPage()).getByRole("listbox", { name: "Earlier questions" }).getByRole("option");
  expect(await again.allInnerTexts()).toEqual(["run all jobs until none is left", "parse the configuration file"]);
});

test("the quick search answers as one types", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.command("Code Search: Quick Search…");
  await window.picker.getByRole("textbox").fill("put a failed job back");
  await window.picker.getByRole("option", { name: /^schedule_retry/ }).waitFor();
  await window.page.keyboard.press("Enter");
  await window.isAt("queue.py", repository.line("app/queue.py", "def schedule_retry("));
});

test("Go to Symbol in Workspace finds a function", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.status("Ready");
  await window.pick("Control+t", "#retry");
  await window.picker.getByRole("option", { name: /^schedule_retry/ }).waitFor();
  await window.page.keyboard.press("Enter");
  await window.isAt("queue.py", repository.line("app/queue.py", "def schedule_retry("));
});

test("functions like the one at the cursor are found", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.open("config.py");
  await window.insert("", repository.line("app/config.py", "def load("));
  await window.command("Code Search: Find Similar Functions");
  await window.result("save").waitFor();
});
