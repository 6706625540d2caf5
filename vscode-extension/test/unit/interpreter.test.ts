import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { extensions } from "vscode";
import { chosenInterpreter, onDidChooseInterpreter } from "../../src/server/interpreter";

describe("the interpreter that was chosen", () => {
  const log = { warn: vi.fn() };
  /** What Python's extension is, as far as it is there. */
  const python = (extension: unknown) => vi.spyOn(extensions, "getExtension").mockReturnValue(extension as never);
  const resolving = (resolveEnvironment: () => Promise<unknown>) =>
    python({
      isActive: true,
      exports: { environments: { getActiveEnvironmentPath: () => ({ path: "p" }), resolveEnvironment } },
    });

  beforeEach(() => {
    log.warn.mockClear();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is what Python's extension says", async () => {
    resolving(() => Promise.resolve({ executable: { uri: { fsPath: "/env/bin/python" } } }));
    expect(await chosenInterpreter(log)).toBe("/env/bin/python");
    expect(log.warn).not.toHaveBeenCalled();
  });

  it.each([undefined, { isActive: false }, { isActive: true, exports: undefined }, { isActive: true, exports: {} }])(
    "is none where there is nobody to ask: %j",
    async (extension) => {
      python(extension);
      expect(await chosenInterpreter(log)).toBeUndefined();
      onDidChooseInterpreter(() => undefined).dispose();
      expect(log.warn).not.toHaveBeenCalled();
    },
  );

  it("is none if the extension fails, and the log says so", async () => {
    resolving(() => Promise.reject(new Error("no such environment")));
    expect(await chosenInterpreter(log)).toBeUndefined();
    expect(log.warn).toHaveBeenCalledWith(expect.stringContaining("no such environment"));
  });

  it("is none if the extension has another API, which breaks nothing", async () => {
    python({ isActive: true, exports: { environments: {} } });
    expect(await chosenInterpreter(log)).toBeUndefined();
    onDidChooseInterpreter(() => undefined).dispose();
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it("is none if the extension does not answer in time", async () => {
    vi.useFakeTimers();
    resolving(() => new Promise(() => undefined));
    const chosen = chosenInterpreter(log);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await chosen).toBeUndefined();
    expect(log.warn).toHaveBeenCalledTimes(1);
  });
});
