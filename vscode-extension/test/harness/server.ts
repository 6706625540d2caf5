// VS Code's server, from the folder that set-up.sh laid.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

import type { Home } from "./home";
import { processesOf, Running, type Seen } from "./processes";
import { PATIENCE, until } from "./until";

export interface ServerOptions {
  /** Whether folders are trusted without a question, as most tests want it. */
  trusting?: boolean;
  /** The language of VS Code's window; there has to be a language pack for it. */
  locale?: string;
  environment?: Record<string, string>;
}

/** What a window is told besides; values are for VS Code itself. */
export type Payload = readonly (readonly [name: string, value: string])[];

/** The program's file; laid now if it is not there. */
function program(): string {
  const script = join(import.meta.dirname, "set-up.sh");
  const folder = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  return join(folder, "out", "node", "entry.js");
}

function start(home: Home, args: readonly string[], environment: Record<string, string> = {}): Running {
  const of = ["--user-data-dir", home.data, "--extensions-dir", home.extensions, "--config", home.config];
  return new Running({
    command: process.execPath,
    args: [program(), ...of, ...args],
    environment: home.environment(environment),
    folder: home.folder,
  });
}

/** Installs a .vsix as a user would. */
export async function installExtension(home: Home, vsix: string): Promise<void> {
  const said = await start(home, ["--install-extension", vsix]).done();
  if (!said.includes("was successfully installed")) throw new Error(said);
}

export class Server {
  private constructor(
    readonly home: Home,
    readonly url: string,
    readonly running: Running,
  ) {}

  static async start(home: Home, options: ServerOptions = {}): Promise<Server> {
    const { trusting = true, locale, environment } = options;
    const args = [
      ...["--bind-addr", "127.0.0.1:0", "--auth", "none"],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--disable-proxy"],
      ...(trusting ? ["--disable-workspace-trust"] : []),
      ...(locale === undefined ? [] : ["--locale", locale]),
    ];
    const running = start(home, args, environment);
    try {
      const [, url = ""] = await running.says(/server listening on (http:\/\/\S+?)\/?\s/);
      return new Server(home, url, running);
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  /** Where its window shows a folder or, with .code-workspace, several. */
  address(opened?: string, payload?: Payload): string {
    const address = new URL(this.url);
    if (opened === undefined) {
      address.searchParams.set("ew", "true"); // an empty window, not the last one again
    } else {
      address.searchParams.set(opened.endsWith(".code-workspace") ? "workspace" : "folder", opened);
    }
    if (payload !== undefined) address.searchParams.set("payload", JSON.stringify(payload));
    return address.href;
  }

  /** The name of a file of this machine for the window. */
  remote(file: string): string {
    return `vscode-remote://${new URL(this.url).host}${file}`;
  }

  /** The search servers that run for this user's windows. */
  searchServers(): Seen[] {
    const named = processesOf(this.home.folder).filter(({ command }) => /codesearch\b.* lsp$/.test(command));
    // A server's own workers look like it.
    return named.filter(({ parent }) => named.every(({ pid }) => pid !== parent));
  }

  /** Ends it, and fails if anything that it started goes on: our extension must clean up behind itself. */
  async stop(): Promise<void> {
    await this.running.stop();
    try {
      await until(
        () => "the end of " + JSON.stringify(processesOf(this.home.folder)),
        () => processesOf(this.home.folder).length === 0,
        PATIENCE / 4,
      );
    } finally {
      for (const { pid } of processesOf(this.home.folder)) process.kill(pid, "SIGKILL");
    }
  }
}
