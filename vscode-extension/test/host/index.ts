// What VS Code calls in the extension host (extensionTestsPath).

import "./manifest";
import "./editor";
import { runAll } from "./suite";

export async function run(): Promise<void> {
  await runAll();
}
