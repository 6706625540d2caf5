// A user of VS Code who exists for one test: home folder, settings, extensions, all in one temporary folder.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export type Settings = Record<string, unknown>;

/** What VS Code would do by itself and what no test is about. */
const QUIET: Settings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "security.workspace.trust.startupPrompt": "never",
  "chat.commandCenter.enabled": false,
  "window.commandCenter": false,
  "remote.autoForwardPorts": false,
  "files.autoSave": "off",
  "workbench.hover.delay": 3_600_000, // what comes up under a resting mouse covers what is clicked next
};

const OTHERS = /^(CODESEARCH|GEMINI|GOOGLE|OPENAI|XDG|npm|NODE|VITEST|VSCODE|PYTHON)_|^(HOME|LANG|LANGUAGE|LC_.*|PWD|PORT|VITEST)$/;

export class Home {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "codesearch-vscode-")));
  readonly data = join(this.folder, "data");
  readonly extensions = join(this.folder, "extensions");
  readonly config = join(this.folder, "code-server.yaml");

  constructor(settings: Settings = {}) {
    writeFileSync(this.config, "");
    mkdirSync(join(this.data, "Machine"), { recursive: true });
    mkdirSync(join(this.data, "User"), { recursive: true });
    writeFileSync(join(this.data, "User", "settings.json"), JSON.stringify(QUIET, null, 2));
    this.set(settings);
  }

  /** Settings of the machine, in place of earlier ones: where a workspace can't name a program. */
  set(settings: Settings): void {
    writeFileSync(join(this.data, "Machine", "settings.json"), JSON.stringify(settings, null, 2));
  }

  /** What runs for this user sees nothing of the one who runs the tests, and no gallery. */
  environment(more: Record<string, string> = {}): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(process.env)) {
      if (value !== undefined && !OTHERS.test(name)) kept[name] = value;
    }
    const ours = (name: string): string => join(this.folder, name);
    return {
      ...kept,
      HOME: this.folder,
      LANG: "C.UTF-8",
      PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
      XDG_CACHE_HOME: ours("cache"),
      XDG_CONFIG_HOME: ours("config"),
      XDG_DATA_HOME: ours("share"),
      XDG_RUNTIME_DIR: ours("runtime"),
      XDG_STATE_HOME: ours("state"),
      EXTENSIONS_GALLERY: '{"serviceUrl": ""}',
      ...more,
    };
  }

  /** Has VS Code's own strings in another language: none of them, but so it asks extensions for theirs. */
  addLanguagePack(language: string): void {
    const file = join(this.folder, `${language}.json`);
    writeFileSync(file, JSON.stringify({ version: "1.0.0", contents: {} }));
    const extension = { extensionIdentifier: { id: `tests.${language}` }, version: "1.0.0" };
    const pack = { hash: language, label: language, extensions: [extension], translations: { vscode: file } };
    writeFileSync(join(this.data, "languagepacks.json"), JSON.stringify({ [language]: pack }));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
