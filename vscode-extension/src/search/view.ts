import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import { pageHtml } from "./html";
import { readMessage, type FromPage, type ToPage } from "./messages";

/** What is shown in the page until it is told otherwise; a page that comes later is told too. */
type Lasting = Exclude<ToPage, { type: "focus" }>;

/** The view with the query box. It passes messages and keeps what a new page has to be told. */
export class SearchView implements vscode.WebviewViewProvider {
  static readonly id = "codesearch.search";

  private view: vscode.WebviewView | undefined;
  private isReady = false;
  private readonly lasting = new Map<Lasting["type"], Lasting>();
  private pendingFocus: ToPage | undefined;
  private readonly heard = new vscode.EventEmitter<FromPage>();
  readonly onDidHear = this.heard.event;

  constructor(private readonly extension: vscode.Uri) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.isReady = false;
    const { webview } = view;
    webview.options = {
      enableScripts: true,
      localResourceRoots: ["dist", "media"].map((name) => vscode.Uri.joinPath(this.extension, name)),
    };
    webview.onDidReceiveMessage((raw: unknown) => {
      const message = readMessage(raw);
      if (!message) return;
      if (message.type === "ready") this.becomeReady();
      this.heard.fire(message);
    });
    view.onDidDispose(() => {
      if (this.view === view) this.view = undefined;
    });
    webview.html = pageHtml(webview, this.extension);
  }

  tell(message: Lasting): void {
    // How many results there are is said with each answer, for who hears it; the rest only if it is news.
    if (message.type !== "announce" && isDeepStrictEqual(this.lasting.get(message.type), message)) return;
    this.lasting.set(message.type, message);
    this.post(message);
  }

  /** Shows the view with the cursor in the box, and a text in it if one is given. */
  async focus(query?: string): Promise<void> {
    this.pendingFocus = { type: "focus", ...(query !== undefined && { query }) };
    await vscode.commands.executeCommand(`${SearchView.id}.focus`);
    this.postFocus();
  }

  private becomeReady(): void {
    this.isReady = true;
    for (const message of this.lasting.values()) this.post(message);
    this.postFocus();
  }

  private postFocus(): void {
    if (!this.isReady || !this.view || !this.pendingFocus) return;
    this.post(this.pendingFocus);
    this.pendingFocus = undefined;
  }

  private post(message: ToPage): void {
    if (this.isReady) void this.view?.webview.postMessage(message);
  }
}
