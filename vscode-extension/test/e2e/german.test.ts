import { test } from "vitest";

import { SHOP } from "../harness/shop";
import { scene } from "./scene";

const stage = scene({ locale: "de" });

test("in a German window everything of ours is German", async () => {
  const window = await stage().open(stage().repository("laden", SHOP));
  await window.ask("alle Aufträge ausführen: run all jobs");
  await window.results.getByRole("treeitem", { name: /^drain, .*Zeile/ }).waitFor(); // from the extension's host
  await window.status("Bereit"); // from the server's states
  await window.command("Code Search: Protokoll anzeigen"); // from package.json
});
