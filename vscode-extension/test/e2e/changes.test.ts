import { renameSync, rmSync } from "node:fs";
import { expect, test } from "vitest";

import { SHOP } from "../harness/shop";
import { scene } from "./scene";

const stage = scene();
const ADDED = `

def forget_customer(name):
    """Erase everything that is known of a person."""
    database.delete(person=name)
`;
const QUESTION = "erase everything that is known of a person";

test("a function is found while its file is unsaved, and when it is saved", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.ask(QUESTION);
  await window.results.getByRole("treeitem").first().waitFor(); // an answer, without it
  expect(await window.result("forget_customer").count()).toBe(0);

  await window.open("queue.py");
  const line = repository.read("app/queue.py").split("\n").length;
  await window.insert(ADDED, line);
  await window.ask(QUESTION);
  await window.openResult("forget_customer", "queue.py", line + 2);
  expect(repository.read("app/queue.py")).not.toContain("forget_customer");
  expect(await window.page.title()).toMatch(/^●/);

  await window.save();
  expect(repository.read("app/queue.py")).toContain("forget_customer");
  await window.page.keyboard.press("Control+w");
  await window.ask(QUESTION);
  await window.openResult("forget_customer", "queue.py", line + 2);
});

test("what another program changes is found: a new name of a file, and that it is gone", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  await window.ask("run all jobs until none is left");
  const item = window.results.getByRole("treeitem", { name: /^drain, function in app\/queue.py, / });
  await item.waitFor();

  renameSync(repository.path("app/queue.py"), repository.path("app/jobs.py"));
  await window.ask("run all jobs until none is left");
  const renamed = window.results.getByRole("treeitem", { name: /^drain, function in app\/jobs.py, / });
  await renamed.click();
  await window.isAt("jobs.py", repository.line("app/jobs.py", "def drain("));
  expect(await item.count()).toBe(0);

  await window.page.keyboard.press("Control+w");
  rmSync(repository.path("app/jobs.py"));
  await window.ask("run all jobs until none is left");
  await renamed.waitFor({ state: "detached" });
});
