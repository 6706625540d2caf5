import { expect, test } from "vitest";

import { COPY, SHOP } from "../harness/shop";
import { scene } from "./scene";

const stage = scene();

test("a copied function is reported in the editor, compared, and suppressed with a comment", async () => {
  const repository = stage().repository("shop", SHOP);
  const window = await stage().open(repository);
  repository.write({ "app/statistics.py": COPY });
  await window.page.keyboard.press("Control+Shift+M");
  await window.open("statistics.py");
  await window.problem(/per_customer.*monthly_totals/).waitFor();

  await window.insert("", 1);
  await window.quickFix(/Compare with the original/);
  await window.page.getByRole("tab", { name: /monthly_totals \(report.py\) ↔ per_customer \(statistics.py\)/ }).waitFor();
  await window.page.keyboard.press("Control+w");

  await window.editor("statistics.py").waitFor();
  await window.quickFix(/with a comment/);
  await window.page.getByText(/codesearch:\signore\[CS002\]/).first().waitFor();
  await window.save();
  await window.problem(/per_customer.*monthly_totals/).waitFor({ state: "detached" });
  expect(repository.read("app/statistics.py")).toContain("codesearch: ignore[CS002]");
});

test("duplicates of changed functions are listed, compared and accepted", async () => {
  const repository = stage().repository("shop", SHOP);
  repository.write({ "app/statistics.py": COPY });
  const window = await stage().open(repository);
  await window.command("Code Search: Check Changed Functions for Duplicates");
  const pair = window.duplicates.getByRole("treeitem", { name: /per_customer/ });
  await pair.click();
  await window.page.getByRole("tab", { name: /monthly_totals \(report.py\) ↔ per_customer \(statistics.py\)/ }).waitFor();
});
