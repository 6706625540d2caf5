import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { env, Uri } from "vscode";
import { pageHtml } from "../../src/search/html";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name: string) => readFileSync(path.join(root, name), "utf8");
const table = (name: string) => JSON.parse(read(name)) as Record<string, string>;

const english = table("package.nls.json");
const german = table("package.nls.de.json");
const bundle = table("l10n/bundle.l10n.de.json");
const manifest = read("package.json");

/** The texts that the source has translated. */
function textsInSource(): Set<string> {
  const files = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" });
  const source = files.filter((name) => name.endsWith(".ts")).map((name) => read(path.join("src", name)));
  const calls = source.flatMap((text) => [...text.matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)]);
  return new Set(calls.map(([, text]) => JSON.parse(`"${text ?? ""}"`) as string));
}

const sorted = (names: Iterable<string>) => [...names].sort();
/** What a translation must keep: placeholders, commands, names of settings and programs. */
const kept = (text: string) => sorted(text.match(/\{\d+\}|\(command:[^)]*\)|`[^`]*`/g) ?? []);

describe("texts", () => {
  it("of the source all have a German translation, and there are no others", () => {
    expect(sorted(Object.keys(bundle))).toEqual(sorted(textsInSource()));
  });

  it("are translated by nothing but literals", () => {
    const dynamic = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .filter((name) => /l10n\.t\(\s*[^"\s]/.test(read(path.join("src", name))));
    expect(dynamic).toEqual([]);
  });

  it("of the manifest all exist in both languages, and there are no others", () => {
    const used = new Set([...manifest.matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key ?? ""));
    expect(sorted(Object.keys(english))).toEqual(sorted(used));
    expect(sorted(Object.keys(german))).toEqual(sorted(used));
  });

  it("keep what is not language", () => {
    const pairs = [
      ...Object.entries(bundle),
      ...Object.entries(english).map(([key, text]): [string, string] => [text, german[key] ?? ""]),
    ];
    for (const [text, translation] of pairs) {
      expect(translation).not.toBe("");
      expect(kept(translation), translation).toEqual(kept(text));
    }
  });

  it("are short and calm", () => {
    const tables = [english, german, bundle].flatMap((texts) => Object.values(texts));
    for (const text of [...textsInSource(), ...tables]) {
      expect(text).toBe(text.trim());
      expect(text).not.toMatch(/ {2}|\.\.\.|!(?=\s|$)|please|bitte/i);
      for (const paragraph of text.split("\n")) expect(paragraph.length).toBeLessThan(250);
    }
  });
});

describe("the manifest", () => {
  const { contributes } = JSON.parse(manifest) as {
    contributes: { commands: { command: string }[]; menus: Record<string, { command: string }[]>; keybindings: { command: string }[] };
  };
  const declared = new Set(contributes.commands.map(({ command }) => command));

  it("declares what menus and keys name", () => {
    const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
    for (const { command } of named) expect(declared).toContain(command);
  });

  it("hides what can be asked by whether anything can, not by what matters most", () => {
    expect(manifest).not.toMatch(/codesearch\.situation[^"]*ready/);
    expect(manifest).toContain("resourceScheme == file && codesearch.canAsk");
  });

  it("installs nothing by a name that is another project's", () => {
    const { configuration } = (JSON.parse(manifest) as { contributes: { configuration: { properties: object }[] } }).contributes;
    const settings = Object.assign({}, ...configuration.map(({ properties }) => properties)) as Record<string, { default: unknown }>;
    expect(settings["codesearch.installFrom"]?.default).toBe("");
  });

  it("lets no workspace choose a program, a backend or an address", () => {
    const settings = JSON.parse(manifest) as {
      capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
      contributes: { configuration: { properties: Record<string, { scope: string }> }[] };
    };
    const scopes = Object.fromEntries(
      settings.contributes.configuration
        .flatMap(({ properties }) => Object.entries(properties))
        .map(([name, { scope }]) => [name, scope]),
    );
    const restricted = settings.capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const name of ["installFrom", "backend", "model", "endpoint", "dimension", "indexFolder"]) {
      expect(scopes[`codesearch.${name}`]).toBe("machine");
      expect(restricted).toContain(`codesearch.${name}`);
    }
    expect(scopes["codesearch.path"]).toBe("machine-overridable");
    expect(restricted).toContain("codesearch.path");
  });
});

describe("the page", () => {
  const webview = { cspSource: "https://host", asWebviewUri: (uri: Uri) => uri };
  const page = () => pageHtml(webview as never, Uri.file("/extension"));

  it("runs its own script and nothing else", () => {
    const policy = /content="(default-src[^"]*)"/.exec(page())?.[1]?.replaceAll("&#39;", "'") ?? "";
    const nonce = /<script nonce="([^"]+)" src=/.exec(page())?.[1] ?? "";
    expect(nonce).toHaveLength(24);
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|\*|data:/);
    expect(page()).not.toBe(page()); // the nonce is a new one each time
    expect(page().match(/<script/g)).toHaveLength(1);
    expect(page()).not.toMatch(/\son\w+=|style=/);
  });

  it("has a label for each control", () => {
    const controls = page().match(/<(?:textarea|select|input|button)[^>]*>/g) ?? [];
    expect(controls).toHaveLength(8);
    for (const control of controls) {
      const id = /id="(\w+)"/.exec(control)?.[1] ?? "";
      expect(control.includes("aria-label=") || page().includes(`<label for="${id}"`)).toBe(true);
    }
  });

  it("takes texts for text", () => {
    const before = env.language;
    Object.assign(env, { language: '"><script>' });
    try {
      expect(page()).toContain('lang="&quot;&gt;&lt;script&gt;"');
    } finally {
      Object.assign(env, { language: before });
    }
  });
});
