import * as vscode from "vscode";
import { openLines } from "../editor/open";
import { plain } from "../editor/plain";
import { telling } from "../server/errors";
import type { Server } from "../server/server";
import { setContext } from "../status/context";
import type { Folders } from "../status/folders";
import type { Situation } from "../status/situation";
import type { SituationSource } from "../status/source";
import { registerSearchCommands } from "./commands";
import { History } from "./history";
import type { FromPage } from "./messages";
import { registerQuickSearch } from "./quick";
import { changedBadge, Results, type Layout, type ResultNode } from "./results";
import { Search, usualTests, type Shown } from "./search";
import { SearchView } from "./view";
import { countOf } from "./words";

/** The views Search and Results, and all commands around them. */
export function registerSearch(
  context: vscode.ExtensionContext,
  server: Server,
  folders: Folders,
  situation: SituationSource,
): void {
  const search = new Search(server, folders);
  const view = new SearchView(context.extensionUri);
  const history = new History(context.workspaceState);
  const results = new Results(layout());
  const tree = vscode.window.createTreeView<ResultNode>("codesearch.results", {
    treeDataProvider: results,
    showCollapseAll: true,
  });

  const tellHistory = () => { view.tell({ type: "history", history: history.all }); };
  const tellDefaults = () => { view.tell({ type: "defaults", tests: usualTests() }); };
  const tellSituation = () => { view.tell(noticeOf(situation.current, search.shown)); };

  const hear = async (message: FromPage): Promise<void> => {
    switch (message.type) {
      case "ready":
        await search.restore(message.question);
        break;
      case "typed":
        await search.type(message.question);
        break;
      case "entered":
        await history.add(message.question.query);
        tellHistory();
        await search.ask({ kind: "question", question: message.question });
        break;
      case "openResult": {
        const node = results.nodes[message.index];
        if (node) await openLines(node.hit);
        break;
      }
      case "focusResults":
        if (results.nodes[0]) await tree.reveal(results.nodes[0], { focus: true, select: true });
    }
  };

  const show = (shown: Shown): void => {
    const hits = shown.kind === "answer" ? shown.answer.hits : [];
    results.show(hits);
    const description = descriptionOf(shown);
    if (tree.description !== description) tree.description = description;
    // A message makes the editor draw the tree again, and it does so at most five times a second: the next results
    // would be late.
    const message = shown.kind === "answer" ? plain(shown.answer.warnings.join("\n")) : "";
    if ((tree.message ?? "") !== message) tree.message = message;
    view.tell({ type: "announce", text: summaryOf(shown) });
    tellSituation();
    setContext("codesearch.hasResults", hits.length > 0);
    setContext("codesearch.asked", shown.kind === "answer");
  };

  tellHistory();
  tellDefaults();
  tellSituation();
  context.subscriptions.push(
    search,
    tree,
    search.onDidChange(show),
    situation.onDidChange(tellSituation),
    vscode.window.registerWebviewViewProvider(SearchView.id, view),
    vscode.window.registerFileDecorationProvider(changedBadge),
    view.onDidHear((message) => void telling(() => hear(message))),
    server.onDidChangeState(({ kind }) => {
      if (kind === "running") void tellLanguages(server, view);
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("codesearch.resultsLayout")) results.arrange(layout());
      if (change.affectsConfiguration("codesearch.tests")) tellDefaults();
    }),
  );
  registerSearchCommands(context, { search, view, results, tree, history, tellHistory });
  registerQuickSearch(context, server, folders);
}

function layout(): Layout {
  return vscode.workspace.getConfiguration("codesearch").get<Layout>("resultsLayout", "tree");
}

async function tellLanguages(server: Server, view: SearchView): Promise<void> {
  try {
    const { languages } = await server.request("codesearch/languages", {});
    view.tell({ type: "languages", languages: languages.map(({ name }) => name) });
  } catch {
    // The form works without them, and the next start asks again.
  }
}

/** The line under the form: what is going on, and where questions are answered, what went wrong with the last. */
export function noticeOf(situation: Situation, shown: Shown): Parameters<SearchView["tell"]>[0] {
  const { kind, text, hint, canAsk } = situation;
  const enabled = kind !== "untrusted" && kind !== "noFolder";
  const failure = shown.kind === "failed" ? shown.message : "";
  if (kind === "ready" || kind === "updating" || (canAsk && failure)) {
    return { type: "notice", text: failure, isError: failure !== "", enabled };
  }
  const isError = ["failed", "missing", "outdated", "waiting"].includes(kind);
  return { type: "notice", text: hint ? `${text} (${hint})` : text, isError, enabled };
}

function summaryOf(shown: Shown): string {
  if (shown.kind !== "answer") return "";
  const { hits, truncated } = shown.answer;
  return countOf(hits.length, new Set(hits.map(({ uri }) => uri)).size, truncated);
}

function descriptionOf(shown: Shown): string {
  if (shown.kind === "nothing") return "";
  const { asked } = shown;
  const like = asked.kind === "similar" ? vscode.l10n.t("like {0}", asked.name) : "";
  return [like, summaryOf(shown)].filter(Boolean).join(", ");
}
