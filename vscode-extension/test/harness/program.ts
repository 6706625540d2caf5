// The codesearch that tests let the extension start.

import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** CODESEARCH_TEST_PROGRAM, an absolute path; or what PATH has. */
export function codesearch(): string {
  const named = process.env["CODESEARCH_TEST_PROGRAM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  const candidates = named === undefined ? folders.map((folder) => join(folder, "codesearch")) : [named];
  const found = candidates.find(isProgram);
  if (found === undefined) throw new Error(`no codesearch to test with: ${candidates.join(", ")}`);
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
