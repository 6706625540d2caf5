import { beforeEach, describe, expect, it, vi } from "vitest";
import { EventEmitter, window, workspace, type QuickPickItem } from "vscode";
import { quickSearch } from "../../src/search/quick";
import { answer, hit } from "./values";

/** A quick pick as an editor's: a new list has its first item active, and that is told. */
class Pick {
  items_: readonly QuickPickItem[] = [];
  activeItems: readonly QuickPickItem[] = [];
  value = "";
  busy = false;
  title: string | undefined;
  placeholder = "";
  private readonly valueChanged = new EventEmitter<string>();
  private readonly activeChanged = new EventEmitter<readonly QuickPickItem[]>();
  private readonly accepted = new EventEmitter<undefined>();
  private readonly hidden = new EventEmitter<undefined>();
  readonly onDidChangeValue = this.valueChanged.event;
  readonly onDidChangeActive = this.activeChanged.event;
  readonly onDidAccept = this.accepted.event;
  readonly onDidHide = this.hidden.event;

  get items(): readonly QuickPickItem[] {
    return this.items_;
  }
  set items(items: readonly QuickPickItem[]) {
    this.items_ = items;
    this.activate(0);
  }
  /** What the list does by itself, and what an arrow key does. */
  activate(index: number): void {
    this.activeItems = this.items_.slice(index, index + 1);
    this.activeChanged.fire(this.activeItems);
  }
  type(value: string): void {
    this.value = value;
    this.valueChanged.fire(value);
  }
  enter(): void {
    this.accepted.fire(undefined);
  }
  show(): void {
    // Nothing is drawn here.
  }
  hide(): void {
    this.hidden.fire(undefined);
  }
  dispose(): void {
    // Nothing was drawn.
  }
}

describe("the quick search", () => {
  let pick: Pick;
  let isRemote: boolean;
  let respond: () => Promise<unknown>;
  /** The files that were shown, in their order. */
  let shown: string[];
  /** Lets the file be read that is waited for. */
  let reads: Map<string, (result?: Error) => void>;

  const later = () => new Promise((resolve) => setTimeout(resolve, 0));

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true, advanceTimeDelta: 20 });
    pick = new Pick();
    isRemote = false;
    shown = [];
    reads = new Map();
    const results = ["a", "b", "c"].map((name) => hit({ uri: `file:///workspace/${name}.py` }));
    respond = () => Promise.resolve({ answers: [answer({ results })] });
    vi.spyOn(window, "createQuickPick").mockReturnValue(pick as never);
    vi.spyOn(window, "activeTextEditor", "get").mockReturnValue({ document: { uri: { path: "before" } } } as never);
    const line = { range: { end: { line: 0, character: 0 } }, lineNumber: 0, firstNonWhitespaceCharacterIndex: 0 };
    const open = ({ path }: { path: string }) =>
      new Promise((resolve, reject) => {
        const document = { uri: { path }, lineCount: 1, lineAt: () => line };
        reads.set(path, (error) => { if (error) reject(error); else resolve(document); });
      });
    vi.spyOn(workspace, "openTextDocument").mockImplementation(open as never);
    vi.spyOn(window, "showTextDocument").mockImplementation((({ uri }: { uri: { path: string } }) => {
      shown.push(uri.path);
      return Promise.resolve({ revealRange: () => undefined, setDecorations: () => undefined });
    }) as never);
    quickSearch({ request: () => respond() } as never, {
      get isRemote() {
        return isRemote;
      },
      onDidChange: new EventEmitter().event,
    } as never);
    return () => { vi.useRealTimers(); };
  });

  const type = async (text: string) => {
    pick.type(text);
    await vi.advanceTimersByTimeAsync(200);
  };
  const read = async (name: string, error?: Error) => {
    reads.get(`/workspace/${name}.py`)?.(error);
    await later();
  };

  it("opens no file for answers that come while one types, only for arrows", async () => {
    await type("one");
    await type("one more");
    expect(pick.items).toHaveLength(3);
    expect(reads.size).toBe(0);
    pick.activate(1);
    pick.activate(0);
    expect([...reads.keys()]).toEqual(["/workspace/b.py", "/workspace/a.py"]);
    await type("another");
    expect(reads.size).toBe(2);
  });

  it("shows no preview after a newer one", async () => {
    await type("one");
    pick.activate(1);
    pick.activate(2);
    await read("c");
    await read("b");
    expect(shown).toEqual(["/workspace/c.py"]);
  });

  it("shows no preview after the editor from before is back", async () => {
    await type("one");
    pick.activate(1);
    pick.hide();
    await read("b");
    expect(shown).toEqual(["before"]);
  });

  it("shows no preview over another list", async () => {
    await type("one");
    pick.activate(1);
    await type("two");
    await read("b");
    expect(shown).toEqual([]);
  });

  it("waits for nothing any more when the box was cleared", async () => {
    isRemote = true;
    respond = () => new Promise(() => undefined);
    await type("one");
    pick.enter();
    expect(pick.busy).toBe(true);
    await type("");
    expect(pick.busy).toBe(false);
    pick.enter();
    expect(pick.busy).toBe(false);
  });

  it("has no results of a question that was cleared", async () => {
    await type("one");
    await type(" ");
    expect(pick.items).toEqual([]);
  });

  it("opens what is accepted, and says so if that fails", async () => {
    const complained = vi.spyOn(window, "showErrorMessage");
    await type("one");
    pick.enter();
    await read("a", new Error("the file is gone"));
    expect(complained).toHaveBeenCalledWith("the file is gone");
    expect(shown).toEqual([]);
  });
});
