// The codesearch that tests let the extension start.

import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const VARIABLE = "CODESEARCH_TEST_PROGRAM";

/** What the variable names, an absolute path; or what PATH has. */
export function codesearch(): string {
  const named = process.env[VARIABLE];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  const candidates = named === undefined ? folders.map((folder) => join(folder, "codesearch")) : [named];
  const found = candidates.find(isProgram);
  if (found === undefined) throw new Error(`no codesearch on PATH; name one with ${VARIABLE}`);
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
