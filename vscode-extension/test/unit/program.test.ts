import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { isInside, lookUp } from "../../src/server/lookup";
import { findProgram, pythonOf, type Places } from "../../src/server/program";
import { isAtLeast, versionIn } from "../../src/server/version";
import { codesearch, program, temporaryFolder } from "./folder";

let root: string;
let places: Places;

/** The path of a file under the test's folder. */
const at = (...parts: string[]) => path.join(root, ...parts);

const inPath = (folder: string, workspace = [at("workspace")]) => ({ path: folder, workspace });

beforeEach(() => {
  root = temporaryFolder();
  for (const name of ["bin", "workspace", "cwd"]) mkdirSync(at(name));
  places = {
    configured: "",
    interpreter: () => Promise.resolve(undefined),
    programs: inPath(at("bin")),
    environment: at("environment"),
    cwd: at("cwd"),
  };
});

async function originOf(changed: Partial<Places> = {}): Promise<string> {
  const found = await findProgram({ ...places, ...changed });
  return found.kind === "found" ? found.program.origin : found.kind;
}

describe("the order in which the program is looked for", () => {
  const python = () => codesearch(at("python", "bin", "python"));

  it("is the setting, the interpreter, PATH, our own environment", async () => {
    expect(await originOf()).toBe("missing");
    codesearch(pythonOf(places.environment));
    expect(await originOf()).toBe("installed");
    codesearch(at("bin", "codesearch"));
    expect(await originOf()).toBe("path");
    const interpreter = python();
    expect(await originOf({ interpreter: () => Promise.resolve(interpreter) })).toBe("interpreter");
    const configured = codesearch(at("elsewhere", "codesearch"));
    expect(await originOf({ interpreter: () => Promise.resolve(interpreter), configured })).toBe("setting");
  });

  it("goes on after an interpreter that has no codesearch", async () => {
    const interpreter = program(at("python", "bin", "python"), "echo 'No module named codesearch'; exit 1");
    codesearch(at("bin", "codesearch"));
    expect(await originOf({ interpreter: () => Promise.resolve(interpreter) })).toBe("path");
  });

  it("runs a module so that the current folder is not imported from", async () => {
    const interpreter = program(at("python", "bin", "python"), '[ "$1" = -P ] && echo "codesearch 0.1.0"');
    expect(await originOf({ interpreter: () => Promise.resolve(interpreter) })).toBe("interpreter");
  });

  it("ends with a setting that names no program, and says which", async () => {
    codesearch(at("bin", "codesearch"));
    const configured = at("no", "such");
    expect(await findProgram({ ...places, configured })).toEqual({ kind: "missing", configured });
    expect(await originOf({ configured: "bin/codesearch" })).toBe("missing");
  });

  it("prefers any recent program to an old one, and tells of the old one otherwise", async () => {
    codesearch(at("bin", "codesearch"), "0.0.9");
    expect(await findProgram(places)).toMatchObject({ kind: "outdated", version: "0.0.9" });
    codesearch(pythonOf(places.environment), "0.2.0");
    expect(await findProgram(places)).toMatchObject({ kind: "found", version: "0.2.0" });
  });

  it("takes no program that calls itself something else", async () => {
    program(at("bin", "codesearch"), "echo something 1.0.0");
    expect(await originOf()).toBe("missing");
  });
});

describe("a hostile workspace", () => {
  it("offers no program by a folder of its own in PATH", async () => {
    codesearch(at("workspace", "bin", "codesearch"));
    expect(await originOf({ programs: inPath(at("workspace", "bin")) })).toBe("missing");
    expect(await originOf({ programs: inPath(at("workspace", "bin"), []) })).toBe("path");
  });

  it("offers none by a relative or an empty entry of PATH", () => {
    codesearch(at("cwd", "codesearch"));
    const before = process.cwd();
    process.chdir(at("cwd"));
    try {
      for (const list of [".", "", `.${path.delimiter}`, "../cwd"]) {
        expect(lookUp("codesearch", { path: list, workspace: [] })).toBeUndefined();
      }
    } finally {
      process.chdir(before);
    }
  });

  it("offers none by a link, whichever way it leads", () => {
    codesearch(at("workspace", "codesearch"));
    symlinkSync(at("workspace", "codesearch"), at("bin", "codesearch"));
    const where = { path: at("bin"), workspace: [at("workspace")] };
    expect(lookUp("codesearch", where)).toBeUndefined();
    codesearch(at("elsewhere", "codesearch"));
    symlinkSync(at("elsewhere"), at("workspace", "out"));
    expect(lookUp("codesearch", { ...where, path: at("workspace", "out") })).toBeUndefined();
    expect(lookUp("codesearch", { ...where, path: at("elsewhere") })).toBe(at("elsewhere", "codesearch"));
  });

  it("is recognized by the name under which it was opened, wherever what lies in it leads", () => {
    symlinkSync(at("workspace"), at("link"));
    codesearch(at("elsewhere", "codesearch"));
    symlinkSync(at("elsewhere"), at("workspace", "out"));
    expect(lookUp("codesearch", { path: at("link", "out"), workspace: [at("link")] })).toBeUndefined();
  });

  it("is recognized when it is opened through a link itself", () => {
    codesearch(at("workspace", "codesearch"));
    symlinkSync(at("workspace"), at("link"));
    expect(lookUp("codesearch", { path: at("workspace"), workspace: [at("link")] })).toBeUndefined();
  });
});

it("a path lies in a folder by whole names", () => {
  expect(isInside("/a/b/c", "/a/b")).toBe(true);
  expect(isInside("/a/b", "/a/b")).toBe(true);
  expect(isInside("/a/bc", "/a/b")).toBe(false);
  expect(isInside("/a/..b", "/a")).toBe(true);
  expect(isInside("/a", "/a/b")).toBe(false);
});

it("versions are read and compared by number", () => {
  expect(versionIn("warning: x\ncodesearch 0.12.1\n")).toBe("0.12.1");
  expect(versionIn("codesearch, version 1.2")).toBe("1.2");
  expect(versionIn("mycodesearch 1.2")).toBeUndefined();
  expect(isAtLeast("0.10.0", "0.9.1")).toBe(true);
  expect(isAtLeast("0.1", "0.1.0")).toBe(true);
  expect(isAtLeast("0.1.0", "0.1.1")).toBe(false);
});
