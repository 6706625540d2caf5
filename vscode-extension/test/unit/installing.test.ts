import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Uri, window } from "vscode";
import { Installing } from "../../src/server/installing";
import { program, temporaryFolder } from "./folder";
import { settings } from "./vscode";

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
    await installing.install();
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
