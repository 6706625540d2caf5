import { l10n } from "vscode";
import type { Kind } from "../protocol";

/** What a function is called: the last part of its symbol. Headings have no parts. */
export function nameOf(named: { symbol: string; path: string; kind?: Kind }): string {
  const { symbol, path, kind } = named;
  if (!symbol) return baseName(path);
  return kind === "section" ? symbol : symbol.slice(symbol.lastIndexOf(".") + 1) || symbol;
}

/** What a function lies in: its symbol without its own name. */
export function containerOf(named: { symbol: string; kind?: Kind }): string {
  const { symbol, kind } = named;
  return kind === "section" ? "" : symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folderName(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What kind of definition a hit is, in the language of the editor. */
export function kindOf(kind: Kind): string {
  switch (kind) {
    case "function":
      return l10n.t("function");
    case "method":
      return l10n.t("method");
    case "class":
      return l10n.t("class");
    case "struct":
      return l10n.t("struct");
    case "trait":
      return l10n.t("trait");
    case "interface":
      return l10n.t("interface");
    case "enum":
      return l10n.t("enum");
    case "type":
      return l10n.t("type");
    case "module":
      return l10n.t("module");
    case "constant":
      return l10n.t("constant");
    case "macro":
      return l10n.t("macro");
    case "section":
      return l10n.t("section");
    case "text":
      return l10n.t("text");
  }
}

/** How a copy is like what was asked about. */
export function relationOf(relation: string): string {
  switch (relation) {
    case "exact":
      return l10n.t("exact copy");
    case "renamed":
      return l10n.t("renamed copy");
    case "near":
      return l10n.t("edited copy");
    case "similar purpose":
      return l10n.t("similar purpose");
    default:
      return relation;
  }
}

/** What a part of a score stands for; undefined for those that only say how it came about. */
export function partOf(name: string): string | undefined {
  switch (name) {
    case "lexical":
      return l10n.t("Words");
    case "semantic":
      return l10n.t("Meaning");
    case "definition":
      return l10n.t("Name");
    case "file_name":
      return l10n.t("File name");
    case "file_words":
      return l10n.t("Words in the file");
    case "file_rest":
      return l10n.t("Functions beside it");
    case "length":
      return l10n.t("Length");
    case "kind":
      return l10n.t("Kind");
    case "test":
      return l10n.t("Test code");
    case "prose":
      return l10n.t("Documentation");
    default:
      return undefined;
  }
}

/** How many functions answer, in a sentence. */
export function countOf(hits: number, files: number, truncated: boolean): string {
  if (hits === 0) return l10n.t("No results");
  if (hits === 1) return l10n.t("1 result");
  if (files === 1) {
    return truncated ? l10n.t("The best {0} results, in 1 file", hits) : l10n.t("{0} results in 1 file", hits);
  }
  return truncated
    ? l10n.t("The best {0} results, in {1} files", hits, files)
    : l10n.t("{0} results in {1} files", hits, files);
}
