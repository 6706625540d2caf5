// What VS Code calls in the extension host (extensionTestsPath).

import "./commands.js";
import { runAll } from "./suite";

export async function run(): Promise<void> {
  await runAll();
}
