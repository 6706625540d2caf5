import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { SHOP } from "../harness/shop";
import { until } from "../harness/until";
import { scene } from "./scene";

const stage = scene();
const BANK = {
  "bank/account.py": `class Account:
    def transfer(self, other, amount):
        """Move money to another account."""
        self.balance -= amount
        other.balance += amount
`,
};

test("two folders of a window are searched together by one server", async () => {
  const shop = stage().repository("shop", SHOP);
  const bank = stage().repository("bank", BANK);
  const file = join(stage().home.folder, "both.code-workspace");
  writeFileSync(file, JSON.stringify({ folders: [{ path: shop.folder }, { path: bank.folder }] }));
  const window = await stage().open(file);
  await window.ask("move money to another account");
  await window.openResult("transfer", "account.py", bank.line("bank/account.py", "def transfer("));
  await window.ask("run all jobs until none is left");
  await window.openResult("drain", "queue.py", shop.line("app/queue.py", "def drain("));
  expect(stage().server.searchServers()).toHaveLength(1);
});

test("without a folder the views ask for one", async () => {
  const window = await stage().open();
  await window.show();
  await window.page.getByRole("button", { name: "Open Folder" }).first().waitFor();
  await until("nothing to run", () => stage().server.searchServers().length === 0);
});
