import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Uri, window } from "vscode";
import { Installing } from "../../src/server/installing";
import { chosenSource, problemOf } from "../../src/server/source";
import { program, temporaryFolder } from "./folder";
import { settings } from "./vscode";

describe("the place that codesearch is installed from", () => {
  it.each(["git+https://host/repository", "https://host/codesearch-0.1.0-py3-none-any.whl", "file:///source", "/", "~/"])(
    "may be %s",
    (source) => {
      expect(problemOf(` ${source} `)).toBeUndefined();
    },
  );

  it.each([
    ["codesearch", "another project"],
    ["codesearch[gemini]==1.0", "another project"],
    ["-r /etc/passwd", "option"],
    ["", "Say where"],
    ["  ", "Say where"],
    ["./source", "whole path"],
    ["codesearch-0.1.0-py3-none-any.whl", "whole path"],
    ["/no/such/folder", "no such folder"],
  ])("can't be %j", (source, reason) => {
    expect(problemOf(source)).toContain(reason);
  });

  it("is asked for, and offered again", async () => {
    settings.clear();
    const box = vi.spyOn(window, "showInputBox").mockResolvedValueOnce(" git+https://host/repository ").mockResolvedValue(undefined);
    const remembered = memory();
    expect(await chosenSource(remembered as never)).toBe("git+https://host/repository");
    expect(await chosenSource(remembered as never)).toBeUndefined();
    expect(box.mock.calls).toMatchObject([
      [{ value: "", validateInput: problemOf }],
      [{ value: "git+https://host/repository" }],
    ]);
  });

  it("is what the setting says, unless that is a name", async () => {
    settings.set("installFrom", "git+https://host/other");
    expect(await chosenSource(memory() as never)).toBe("git+https://host/other");
    const complained = vi.spyOn(window, "showErrorMessage");
    settings.set("installFrom", "codesearch");
    expect(await chosenSource(memory() as never)).toBeUndefined();
    expect(complained.mock.calls).toEqual([[expect.stringContaining("codesearch.installFrom: A name is not enough")]]);
  });
});

describe("to install", () => {
  let root: string;
  let installing: Installing;
  let server: { stop: () => Promise<void>; start: () => Promise<void> };
  const at = (...parts: string[]) => path.join(root, ...parts);
  const log = { info: vi.fn() };

  beforeEach(() => {
    root = temporaryFolder();
    mkdirSync(at("source"));
    settings.clear();
    settings.set("installFrom", at("source"));
    vi.stubEnv("PATH", at("bin"));
    vi.stubEnv("HOME", root);
    server = { stop: vi.fn(() => Promise.resolve()), start: vi.fn(() => Promise.resolve()) };
    const context = { globalStorageUri: Uri.file(at("storage")), globalState: memory() };
    const situation = { setInstalling: () => undefined };
    installing = new Installing(context as never, server as never, situation as never, log as never);
    return () => { vi.unstubAllEnvs(); };
  });

  it("asks first, and does nothing without an answer", async () => {
    settings.set("installFrom", "");
    const box = vi.spyOn(window, "showInputBox").mockResolvedValue(undefined);
    program(at("bin", "uv"), `PATH=/usr/bin:/bin; touch ${at("begun")}`);
    await installing.install();
    expect(box).toHaveBeenCalledTimes(1);
    expect(existsSync(at("begun"))).toBe(false);
    expect(server.stop).not.toHaveBeenCalled();
  });

  it("ends with the window, and starts nothing after it", async () => {
    program(at("bin", "uv"), `PATH=/usr/bin:/bin; touch ${at("begun")}; exec sleep 600`);
    const task = installing.install();
    await expect.poll(() => existsSync(at("begun"))).toBe(true);
    installing.dispose();
    await task;
    expect(server.start).not.toHaveBeenCalled();
  });

  it("that failed is told without links", async () => {
    program(at("bin", "uv"), 'echo "[Fix it](command:x)"; exit 1');
    const complained = vi.spyOn(window, "showErrorMessage");
    const report = vi.fn();
    const token = { onCancellationRequested: () => undefined };
    vi.spyOn(window, "withProgress").mockImplementation((_, task) => task({ report }, token as never));
    await installing.install();
    expect(report).toHaveBeenCalledWith({ message: "[Fix it]\u200b(command:x)" });
    expect(complained.mock.calls).toEqual([["codesearch could not be installed: [Fix it]\u200b(command:x)", "Show logs"]]);
    expect(server.start).toHaveBeenCalledTimes(1);
  });
});

function memory() {
  const values = new Map<string, unknown>();
  return {
    get: (key: string, otherwise?: unknown) => values.get(key) ?? otherwise,
    update: (key: string, value: unknown) => Promise.resolve(values.set(key, value)),
  };
}
