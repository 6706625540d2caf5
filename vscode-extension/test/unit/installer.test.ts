import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { install, requirementFor, tools, type Installation, type Tool } from "../../src/server/installer";
import { isProgram } from "../../src/server/lookup";
import { pythonOf } from "../../src/server/program";
import { program, temporaryFolder } from "./folder";

let root: string;
let abort: AbortController;
let lines: string[];
let installation: Installation;

const at = (...parts: string[]) => path.join(root, ...parts);

beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(at("bin"));
  abort = new AbortController();
  lines = [];
  installation = {
    requirement: "/source",
    environment: at("storage", "environment"),
    cwd: at("storage"),
    signal: abort.signal,
    onLine: (line) => lines.push(line),
  };
});

/** A stand-in for uv: makes an environment whose Python runs, and notes how it was called. */
function uv(onInstall = "echo installed"): Tool {
  const script = `
    echo "$@" >> ${at("calls")}
    if [ "$1" = venv ]; then
      mkdir -p "$4/bin"; printf '#!/bin/sh\\necho python' > "$4/bin/python"; chmod +x "$4/bin/python"
    else
      ${onInstall}
    fi`;
  return { kind: "uv", command: program(at("bin", "uv"), script), args: [] };
}

/** A stand-in for a Python of some version. */
function python(name: string, version: string): string {
  return program(at("bin", name), `echo "${version}"`);
}

const calls = () => readFileSync(at("calls"), "utf8").trim().split("\n");

describe("the choice of the tool", () => {
  const found = async () => {
    const all = await tools({ path: at("bin"), workspace: [at("workspace")] }, root);
    return all.map(({ kind, command }) => `${kind} ${path.basename(command)}`);
  };

  it("is nothing where there is nothing", async () => {
    expect(await found()).toEqual([]);
  });

  it("is uv before Python, with pipx as a choice", async () => {
    python("python3", "3 12");
    expect(await found()).toEqual(["python python3"]);
    program(at("bin", "pipx"), "true");
    expect(await found()).toEqual(["python python3", "pipx pipx"]);
    uv();
    expect(await found()).toEqual(["uv uv", "pipx pipx"]);
  });

  it("passes over Pythons that are too old or have no venv, however they are called", async () => {
    python("python3.11", "3 10");
    python("python3", "3 9");
    program(at("bin", "python3.12"), "echo \"No module named 'ensurepip'\"; exit 1");
    expect(await found()).toEqual([]);
    python("python", "3 11");
    expect(await found()).toEqual(["python python"]);
  });

  it("takes no tool of the workspace", async () => {
    program(at("workspace", "bin", "uv"), "true");
    expect(await tools({ path: at("workspace", "bin"), workspace: [at("workspace")] }, root)).toEqual([]);
  });
});

describe("an installation", () => {
  it("makes an environment and installs into it", async () => {
    expect(await install(uv(), installation)).toEqual({ kind: "installed" });
    const { environment } = installation;
    expect(calls()).toEqual([
      `venv --python >=3.11 ${environment}`,
      `pip install --upgrade --python ${pythonOf(environment)} /source`,
    ]);
    expect(lines.at(-1)).toBe("installed");
    expect(isProgram(pythonOf(environment))).toBe(true);
  });

  it("updates an environment that is there", async () => {
    await install(uv(), installation);
    await install(uv(), installation);
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["venv", "pip", "pip"]);
  });

  it("makes an environment anew whose making was cut short", async () => {
    const { environment } = installation;
    // It has a Python, which has neither pip nor codesearch.
    program(pythonOf(environment), "exit 1");
    mkdirSync(at("storage", "environment", "half"));
    expect(await install(uv(), installation)).toEqual({ kind: "installed" });
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["venv", "pip"]);
    expect(existsSync(at("storage", "environment", "half"))).toBe(false);
  });

  it.each(["codesearch", "pip"])("keeps an environment whose Python runs %s", async (module) => {
    const python = program(pythonOf(installation.environment), `[ "$*" = "-m ${module} --version" ]`);
    expect(await install(uv("exit 1"), installation)).toMatchObject({ kind: "failed" });
    expect(isProgram(python)).toBe(true);
  });

  it("with Python makes the environment by venv and installs by its own pip", async () => {
    const script = `
      echo "$@" >> ${at("calls")}
      mkdir -p "$3/bin"; printf '#!/bin/sh\\necho "$@" >> ${at("calls")}' > "$3/bin/python"; chmod +x "$3/bin/python"`;
    const command = program(at("bin", "python3"), script);
    expect(await install({ kind: "python", command, args: [] }, installation)).toEqual({ kind: "installed" });
    expect(calls()).toEqual([
      `-m venv ${installation.environment}`,
      "-m pip install --upgrade --disable-pip-version-check /source",
    ]);
  });

  it("that fails leaves nothing behind and gives the last line", async () => {
    const outcome = await install(uv('echo "no such package"; echo; exit 1'), installation);
    expect(outcome).toEqual({ kind: "failed", line: "no such package" });
    expect(existsSync(installation.environment)).toBe(false);
  });

  it("that fails as an update leaves what was there", async () => {
    await install(uv(), installation);
    expect(await install(uv("exit 1"), installation)).toMatchObject({ kind: "failed" });
    expect(isProgram(pythonOf(installation.environment))).toBe(true);
  });

  it("whose tool can't be started fails", async () => {
    const tool: Tool = { kind: "uv", command: at("bin", "gone"), args: [] };
    const outcome = await install(tool, installation);
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(JSON.stringify(outcome)).toContain("ENOENT");
  });

  it("that is cancelled ends all its processes and removes what it began", async () => {
    // Two generations, of which the younger would outlive a signal to its parent alone.
    const tool = uv("sh -c 'echo child $$; exec sleep 600' & echo begun; wait");
    const child = new Promise<number>((resolve) => {
      installation.onLine = (line) => {
        const pid = /^child (\d+)$/.exec(line)?.[1];
        if (pid) resolve(Number(pid));
      };
    });
    const outcome = install(tool, installation);
    const pid = await child;
    expect(isAlive(pid)).toBe(true);
    abort.abort();
    expect(await outcome).toEqual({ kind: "cancelled" });
    expect(existsSync(installation.environment)).toBe(false);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("takes no option for a package", async () => {
    installation.requirement = "--index-url=http://elsewhere";
    expect(await install(uv(), installation)).toMatchObject({ kind: "failed" });
    expect(existsSync(at("calls"))).toBe(false);
  });
});

it("a backend that needs libraries gets them", () => {
  expect(requirementFor("/some/folder", "")).toBe("/some/folder");
  expect(requirementFor("/some/folder", "local")).toBe("/some/folder");
  expect(requirementFor("/some/folder", "gemini")).toBe("/some/folder[gemini]");
  expect(requirementFor("git+https://host/x", "")).toBe("git+https://host/x");
  expect(requirementFor("git+https://host/x", "gemini")).toBe("codesearch[gemini] @ git+https://host/x");
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that ended but was not waited for has no command line any more.
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}
