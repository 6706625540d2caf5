// As much of the editor's API as unit tests need. What is not here fails loudly.

export const l10n = {
  t: (text: string, ...values: unknown[]): string =>
    text.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)])),
};

export const env = { language: "en" };

export class CancellationError extends Error {}

export class Disposable {
  constructor(readonly dispose: () => void) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const each of all) each.dispose();
    });
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => unknown>();
  readonly event = (listener: (value: T) => unknown): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.emitter.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {
    this.emitter.dispose();
  }
}

export class MarkdownString {
  isTrusted = false;
  supportHtml = false;
  constructor(public value = "") {}
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query: string,
  ) {}
  static parse(text: string): Uri {
    const { protocol, pathname, search } = new URL(text);
    return new Uri(protocol.slice(0, -1), decodeURIComponent(pathname), search.slice(1));
  }
  static file(path: string): Uri {
    return new Uri("file", path, "");
  }
  static from({ scheme, path, query }: { scheme: string; path: string; query?: string }): Uri {
    return new Uri(scheme, path, query ?? "");
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path, ...parts].join("/"), "");
  }
  with({ scheme }: { scheme: string }): Uri {
    return new Uri(scheme, this.path, this.query);
  }
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export enum ProgressLocation {
  Window = 10,
  Notification = 15,
}

export class ThemeIcon {
  static readonly File = new ThemeIcon("file");
  constructor(readonly id: string) {}
}

export class Range {
  constructor(
    readonly startLine: number,
    readonly startCharacter: number,
    readonly endLine: number,
    readonly endCharacter: number,
  ) {}
}

export class CodeLens {
  constructor(
    readonly range: Range,
    readonly command: unknown,
  ) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export enum TreeItemCollapsibleState {
  None,
  Collapsed,
  Expanded,
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState: TreeItemCollapsibleState,
  ) {}
}

export class FileDecoration {
  constructor(
    readonly badge: string,
    readonly tooltip: string,
  ) {}
}

/** What a test may change. */
export const settings = new Map<string, unknown>();

export const workspace = {
  isTrusted: true,
  fs: { createDirectory: () => Promise.resolve() },
  workspaceFolders: [{ uri: Uri.file("/workspace"), name: "workspace", index: 0 }] as
    | { uri: Uri; name: string; index: number }[]
    | undefined,
  getConfiguration: () => ({
    get: (name: string, otherwise?: unknown) => settings.get(name) ?? otherwise,
  }),
  getWorkspaceFolder: ({ path }: Uri) => (path.startsWith("/workspace/") ? {} : undefined),
  asRelativePath: ({ path }: Uri) => path.replace(/^\/workspace\//, ""),
  registerTextDocumentContentProvider: () => new Disposable(() => undefined),
  onDidChangeWorkspaceFolders: () => new Disposable(() => undefined),
  onDidChangeConfiguration: () => new Disposable(() => undefined),
  openTextDocument: (): Promise<unknown> => Promise.reject(new Error("no document was expected")),
};

export const window = {
  showInputBox: (): Promise<unknown> => Promise.reject(new Error("no question was expected")),
  createTreeView: (): unknown => undefined,
  registerWebviewViewProvider: (): unknown => undefined,
  registerFileDecorationProvider: (): unknown => undefined,
  createQuickPick: (): unknown => undefined,
  showTextDocument: (): Promise<unknown> => Promise.reject(new Error("no editor was expected")),
  createTextEditorDecorationType: () => new Disposable(() => undefined),
  showInformationMessage: (): Promise<unknown> => Promise.resolve(undefined),
  showErrorMessage: (): Promise<unknown> => Promise.resolve(undefined),
  get activeTextEditor(): unknown {
    return undefined;
  },
  withProgress: (_options: unknown, task: (progress: unknown, token: unknown) => unknown) =>
    task({ report: () => undefined }, { onCancellationRequested: () => undefined }),
  setStatusBarMessage: () => new Disposable(() => undefined),
};

export const languages = {
  registerCodeActionsProvider: () => new Disposable(() => undefined),
};

export const extensions = {
  getExtension: (): unknown => undefined,
};

export const commands = {
  registerCommand: (() => new Disposable(() => undefined)) as (name: string, run: (...given: unknown[]) => unknown) => Disposable,
  executeCommand: (): Promise<unknown> => Promise.resolve(undefined),
};

export enum ViewColumn {
  Active = -1,
}

export enum TextEditorRevealType {
  InCenterIfOutsideViewport = 2,
}

export enum CodeActionKind {
  QuickFix = "quickfix",
}

export class CodeAction {
  diagnostics: unknown[] = [];
  command: unknown;
  constructor(
    readonly title: string,
    readonly kind: CodeActionKind,
  ) {}
}
