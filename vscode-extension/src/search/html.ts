import { randomBytes } from "node:crypto";
import { env, l10n, Uri, type Webview } from "vscode";

/** The page of the search view. It gets its texts here and everything else by messages. */
export function pageHtml(webview: Webview, extension: Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const file = (name: string) => webview.asWebviewUri(Uri.joinPath(extension, "dist", name)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `img-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return html`<!DOCTYPE html>
<html lang="${env.language}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${l10n.t("Search")}</title>
  <link rel="stylesheet" href="${file("search-style.css")}">
</head>
<body>
  <form id="form" role="search" aria-label="${l10n.t("Code search")}">
    <div class="box">
      <textarea id="query" rows="1" spellcheck="false" aria-label="${l10n.t("Question")}"
        aria-describedby="notice" placeholder="${l10n.t("Ask in plain words")}"></textarea>
      <button id="ask" class="icon" type="submit" title="${l10n.t("Search (Enter)")}"
        aria-label="${l10n.t("Search")}"></button>
      <button id="showHistory" class="icon" type="button" title="${l10n.t("Earlier questions")}"
        aria-label="${l10n.t("Earlier questions")}" aria-expanded="false" aria-controls="history"></button>
      <button id="showFilters" class="icon" type="button" title="${l10n.t("Filters")}"
        aria-label="${l10n.t("Filters")}" aria-expanded="false" aria-controls="filters"
        data-when-set="${l10n.t("Some are set.")}"></button>
    </div>
    <ul id="history" role="listbox" aria-label="${l10n.t("Earlier questions")}" hidden></ul>
    <div id="filters" hidden>
      <div>
        <label for="mode">${l10n.t("Search by")}</label>
        <select id="mode">
          <option value="hybrid">${l10n.t("Both")}</option>
          <option value="semantic">${l10n.t("Meaning")}</option>
          <option value="lexical">${l10n.t("Words")}</option>
        </select>
      </div>
      <div>
        <label for="tests">${l10n.t("Tests")}</label>
        <select id="tests">
          <option value="demote">${l10n.t("After other code")}</option>
          <option value="include">${l10n.t("Like other code")}</option>
          <option value="exclude">${l10n.t("Left out")}</option>
          <option value="only">${l10n.t("Nothing else")}</option>
        </select>
      </div>
      <div>
        <label for="language">${l10n.t("Language")}</label>
        <select id="language"><option value="">${l10n.t("Any")}</option></select>
      </div>
      <div>
        <label for="path">${l10n.t("Path")}</label>
        <input id="path" type="text" spellcheck="false" placeholder="${l10n.t("e.g. src/**, !*.md")}">
      </div>
    </div>
  </form>
  <p id="notice" class="note"></p>
  <p id="count" role="status" aria-live="polite"></p>
  <script nonce="${nonce}" src="${file("search.js")}"></script>
</body>
</html>`;
}

/** A template whose values are text: none of them can become markup. */
function html(parts: TemplateStringsArray, ...values: string[]): string {
  return String.raw({ raw: parts }, ...values.map(escaped));
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
