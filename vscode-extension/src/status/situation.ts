import { env, l10n } from "vscode";
import type { FolderState, Reason } from "../protocol";
import type { ServerState } from "../server/server";
import { canBeAsked } from "./folders";

/** Where things stand, in one word. The order is that of importance among several folders. */
export type SituationKind =
  | "untrusted"
  | "noFolder"
  | "missing"
  | "outdated"
  | "installing"
  | "starting"
  | "waiting"
  | "failed"
  | "indexing"
  | "notIndexed"
  | "updating"
  | "ready";

/** Where things stand, for the status bar, the views and the menu. */
export interface Situation {
  kind: SituationKind;
  /** A sentence for people. */
  text: string;
  hint: string;
  reason: Reason | "";
  percent: number | undefined;
  /** Whether a folder answers, whatever may be wrong with others. */
  canAsk: boolean;
  files: number;
  functions: number;
}

export function situationOf(
  server: ServerState,
  folders: readonly FolderState[],
  installing: boolean,
): Situation {
  if (installing) return of("installing", l10n.t("Installing codesearch"));
  switch (server.kind) {
    case "untrusted":
      return of("untrusted", l10n.t("Search is off in Restricted Mode"));
    case "noFolder":
      return of("noFolder", l10n.t("No folder is open"));
    case "missing":
      return server.configured
        ? of("missing", l10n.t("The program that codesearch.path names does not run: {0}", server.configured))
        : of("missing", l10n.t("codesearch is not installed"));
    case "outdated":
      return of("outdated", l10n.t("codesearch {0} is too old for this extension", server.version));
    case "waiting":
      return {
        ...of("waiting", l10n.t("The search server ended and is started again in {0} s", server.seconds)),
        hint: server.reason ?? "",
      };
    case "stopped":
    case "looking":
    case "starting":
      return of("starting", l10n.t("Starting"));
    case "running":
      return { ...ofFolders(folders), canAsk: folders.some(canBeAsked) };
  }
}

const URGENCY = ["failed", "indexing", "starting", "missing", "updating", "ready"] as const;

function ofFolders(folders: readonly FolderState[]): Situation {
  const state = URGENCY.find((urgent) => folders.some((folder) => folder.state === urgent));
  if (state === undefined) return of("starting", l10n.t("Starting"));
  const concerned = folders.filter((folder) => folder.state === state);
  const [first] = concerned as [FolderState];
  const names = concerned.map(({ name }) => name).join(", ");
  const counts = { files: sum(folders, "files"), functions: sum(folders, "functions") };
  switch (state) {
    case "failed":
      return { ...of("failed", first.message), ...counts, hint: first.hint, reason: first.reason };
    case "indexing":
      return { ...indexing(concerned, names), ...counts };
    case "starting":
      return of("starting", l10n.t("Starting"));
    case "missing":
      return {
        ...of("notIndexed", l10n.t("Not indexed: {0}", names)),
        ...counts,
        hint: first.message || first.hint,
        reason: first.reason,
      };
    case "updating":
      return { ...of("updating", l10n.t("Storing changes")), ...counts };
    case "ready":
      return { ...of("ready", l10n.t("Ready")), ...counts };
  }
}

function indexing(folders: readonly FolderState[], names: string): Situation {
  const total = sum(folders, "total");
  if (total === 0) return of("indexing", l10n.t("Indexing {0}", names));
  const done = sum(folders, "done");
  const percent = Math.min(100, Math.floor((100 * done) / total));
  const text = l10n.t("Indexing {0}: {1} of {2} files", names, count(done), count(total));
  return { ...of("indexing", text), percent };
}

function of(kind: SituationKind, text: string): Situation {
  return { kind, text, hint: "", reason: "", percent: undefined, canAsk: false, files: 0, functions: 0 };
}

function sum(folders: readonly FolderState[], of: "done" | "total" | "files" | "functions"): number {
  return folders.reduce((total, folder) => total + (folder[of] ?? 0), 0);
}

export function count(number: number): string {
  return number.toLocaleString(env.language);
}
