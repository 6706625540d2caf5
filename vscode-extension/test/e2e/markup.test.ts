import { expect, test } from "vitest";

import { scene } from "./scene";

const stage = scene({ settings: { "workbench.hover.delay": 100 } });
const IMAGE = '<img src=x onerror="globalThis.pwned=1">';
const FILES = {
  [`app/${IMAGE}.py`]: `def [name](x):\n    pass\n\n\ndef sell(goods):\n    """Sell goods ${IMAGE} [x](command:workbench.action.quit) $(trash)."""\n    return till.ring(goods)\n`,
  "app/$(trash) **bold** `tick`.py": 'def weigh(goods):\n    """Weigh goods on a scale."""\n    return scale.put(goods)\n',
};

test("names and texts of files are shown as they are: no markup of theirs is any", async () => {
  const window = await stage().open(stage().repository("<b>shop", FILES));
  await window.ask("sell goods");
  await window.result("sell").waitFor();
  await window.result("weigh").waitFor();
  const names = await window.results.getByRole("treeitem").allInnerTexts();
  expect(names.some((name) => name.includes(IMAGE))).toBe(true);

  await window.result("sell").hover();
  await window.page.getByRole("tooltip").filter({ hasText: "onerror" }).waitFor();
  await window.openResult("sell", `${IMAGE}.py`, 5);
  for (const frame of window.page.frames()) {
    expect(await frame.evaluate("globalThis.pwned")).toBeUndefined();
  }
  expect(await window.page.locator("img[src=x]").count()).toBe(0);
});
