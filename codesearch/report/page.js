// The report's page. All text of a repository goes in as text, never as markup.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const { files, findings, places, rules } = data;
const filter = { text: [], language: "", rules: new Set(Object.keys(rules)), where: "" };

// Large, and not needed until a finding is opened.
let parsed;
const functions = () => (parsed ??= JSON.parse(byId("code").textContent));

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const count = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
const percent = (share) => {
  const whole = Math.round(share * 100);
  return `${whole === 100 && share < 1 ? 99 : whole === 0 && share > 0 ? "<1" : whole} %`;
};
const at = (place) => `${place.path}:${place.line}`;
const name = (place) => place.symbol || "(no name)";
const inside = (path, folder) => path === folder || path.startsWith(folder + "/");

/** A path that loses its folders first where there is no room. */
function path(place) {
  const where = at(place);
  const cut = where.lastIndexOf("/") + 1;
  const folder = cut ? [make("span", {}, where.slice(0, cut))] : [];
  return make("span", { class: "path", title: where }, ...folder, make("span", {}, where.slice(cut)));
}

// -- the list -------------------------------------------------------------------------

const MOST = 100; // rows that are added at once: laying out thousands takes seconds
let [kept, added] = [[], 0];

const rows = findings.map((finding) => {
  const own = places[finding.place];
  const others = finding.copies.map((copy) => places[copy.place]);
  const all = [own, ...others];
  return {
    finding,
    own,
    others,
    paths: all.map((place) => place.path),
    languages: new Set(all.map((place) => place.language)),
    words: all.map((place) => `${place.path}:${place.line} ${place.symbol}`).join("\n").toLowerCase(),
  };
});

function item(row) {
  const { finding, others } = row;
  const spot = (place, ...more) =>
    make("span", { class: "spot" }, make("b", {}, name(place)), " ", path(place), ...more);
  const left = others.length - 1 + finding.more;
  const more = left ? [" ", make("i", {}, `and ${left.toLocaleString("en")} more`)] : [];
  const body = make("div", { class: "open" });
  const summary = make(
    "summary",
    {},
    make("span", { class: "badge" }, make("b", {}, finding.rule), " ", make("span", {}, rules[finding.rule])),
    make("h3", {}, spot(row.own), " ", spot(others[0], ...more)),
    make(
      "span",
      { class: "measure" },
      make("b", {}, percent(finding.copies[0].likeness)),
      " ",
      make("span", {}, finding.lines ? `\u2212${count(finding.lines, "line")}` : "hint"),
    ),
  );
  const details = make("details", { class: finding.rule }, summary, body);
  details.addEventListener("toggle", () => {
    if (details.open && !body.hasChildNodes()) open(row, body);
  });
  return make("li", {}, details);
}

/** The next rows; says which is the first of them. */
function add(most = MOST) {
  const next = kept.slice(added, added + most).map((row) => (row.item ??= item(row)));
  added += next.length;
  byId("list").append(...next);
  byId("more").hidden = added === kept.length;
  byId("more").textContent = `Show more of ${count(kept.length - added, "finding")}`;
  return next[0];
}

const byPath = (a, b) => (a.own.path < b.own.path ? -1 : a.own.path > b.own.path ? 1 : a.own.line - b.own.line);
const orders = {
  lines: (a, b) => b.finding.lines - a.finding.lines || byPath(a, b),
  likeness: (a, b) => b.finding.copies[0].likeness - a.finding.copies[0].likeness || byPath(a, b),
  path: byPath,
};

function narrow() {
  kept = rows.filter(
    (row) =>
      filter.rules.has(row.finding.rule) &&
      (!filter.language || row.languages.has(filter.language)) &&
      (!filter.where || row.paths.some((one) => inside(one, filter.where))) &&
      filter.text.every((word) => row.words.includes(word)),
  );
  byId("list").replaceChildren();
  added = 0;
  add();
  const all = count(rows.length, "finding");
  byId("count").textContent = kept.length === rows.length ? all : `${kept.length.toLocaleString("en")} of ${all}`;
  byId("list").hidden = !kept.length;
  byId("none").hidden = kept.length > 0;
  if (rows.length) byId("none").textContent = "No finding is left by this choice.";
  byId("where").hidden = !filter.where;
  byId("where").textContent = `in ${filter.where} \u2715`;
  byId("where").setAttribute("aria-label", `Only in ${filter.where}: show all`);
}

function sort() {
  rows.sort(orders[byId("sort").value]);
}

// -- a finding that is open -----------------------------------------------------------

function open(row, body) {
  const copies = row.finding.copies;
  const id = `f${findings.indexOf(row.finding)}`;
  const panel = make("div", { id: `${id}-code`, role: copies.length > 1 ? "tabpanel" : false });
  const show = (copy) => panel.replaceChildren(...compared(row, copy));
  if (copies.length > 1) {
    const tabs = copies.map((copy, n) => {
      const place = places[copy.place];
      const label = `${place.path.split("/").slice(-2).join("/")}:${place.line}, ${percent(copy.likeness)}`;
      return make(
        "button",
        { type: "button", role: "tab", id: `${id}-tab${n}`, title: at(place), "aria-controls": panel.id },
        make("span", { class: "mono" }, name(place)),
        make("span", {}, label),
      );
    });
    const choose = (n) => {
      tabs.forEach((tab, other) => {
        tab.setAttribute("aria-selected", other === n);
        tab.tabIndex = other === n ? 0 : -1;
      });
      panel.setAttribute("aria-labelledby", tabs[n].id);
      show(copies[n]);
    };
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    tabs.forEach((tab, n) => {
      tab.addEventListener("click", () => choose(n));
      tab.addEventListener("keydown", (event) => {
        const to = { Home: 0, End: tabs.length - 1 }[event.key] ?? n + (moves[event.key] ?? NaN);
        if (Number.isNaN(to)) return;
        event.preventDefault();
        const next = (to + tabs.length) % tabs.length;
        choose(next);
        tabs[next].focus();
      });
    });
    body.append(make("div", { class: "tabs", role: "tablist", "aria-label": "Copies" }, ...tabs));
    choose(0);
  } else {
    show(copies[0]);
  }
  body.append(panel);
}

function compared(row, copy) {
  const { finding, own } = row;
  const other = places[copy.place];
  const [left, right] = [functions()[finding.place], functions()[copy.place]];
  const marked = copy.differences.length / 4;
  const said = [
    `${copy.rule} ${rules[copy.rule]}`,
    finding.severity,
    `${percent(copy.likeness)} alike`,
    marked ? `${count(marked, "place")} ${marked === 1 ? "differs" : "differ"}` : "no difference is marked",
  ];
  const sides = [lines(left, copy.differences, 0), lines(right, copy.differences, 2)];
  const facing = pairs(copy.facing);
  return [
    make("p", { class: "said" }, said.join(" \u00b7 ")),
    make("div", { class: "code" }, side(own, sides[0], facing, 0), side(other, sides[1], facing, 1)),
  ];
}

function side(place, own, facing, column) {
  const where = at(place);
  const last = facing.length + 3;
  const margin = Math.min(...own.filter((line) => line.text.trim()).map((line) => line.text.search(/\S/)), 1000);
  const out = facing.map((pair, row) => {
    const grid = { style: `grid-area:${row + 3}/${column + 1}` };
    const n = pair[column];
    if (n === null) return make("div", { class: "line absent", ...grid });
    const line = own[n];
    const shown = line.text.slice(margin).match(/^[ \t]*/)[0].replaceAll("\t", "    ").length + 2;
    return make(
      "div",
      { class: line.differs ? "line differs" : "line", "data-line": place.start + n, ...grid },
      make("code", { "--in": Math.min(shown, 40) }, ...line.pieces(margin), "\n"),
    );
  });
  const copy = make("button", { type: "button", "aria-label": `Copy ${where}`, onclick: () => put(where, copy) }, "Copy");
  const head = make("header", { style: `grid-area:1/${column + 1}/${last}` }, path(place), copy);
  const pad = make("div", { class: "pad", style: `grid-area:2/${column + 1}` });
  const digits = String(place.start + own.length).length;
  return make("section", { class: "side", "aria-label": where, "--digits": digits }, head, pad, ...out);
}

async function put(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to it, or where the page came by plain HTTP.
    const field = make("textarea", { class: "unseen" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  byId("said").textContent = `Copied ${text}`;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// -- what can be chosen ---------------------------------------------------------------

function begin() {
  const present = Object.keys(rules).filter((rule) => findings.some((finding) => finding.rule === rule));
  for (const rule of present) {
    const box = make("input", { type: "checkbox", checked: true, value: rule });
    box.addEventListener("change", () => {
      filter.rules[box.checked ? "add" : "delete"](rule);
      narrow();
    });
    byId("rules").append(make("label", { title: rule }, box, make("span", {}, rules[rule])));
  }
  const languages = [...new Set(rows.flatMap((row) => [...row.languages]))].sort();
  byId("language").append(...languages.map((one) => make("option", { value: one }, one)));
  byId("language").addEventListener("change", (event) => {
    filter.language = event.target.value;
    narrow();
  });
  byId("text").addEventListener("input", (event) => {
    filter.text = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    narrow();
  });
  byId("sort").addEventListener("change", () => {
    sort();
    narrow();
  });
  byId("more").addEventListener("click", () => add().querySelector("summary").focus());
  new IntersectionObserver(([seen]) => seen.isIntersecting && add(), { rootMargin: "600px" }).observe(byId("more"));
  addEventListener("beforeprint", () => add(kept.length));
  byId("where").addEventListener("click", () => {
    byId("text").focus();
    choose("");
  });
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").hidden = !rows.length;
  theme();
  showMap();
  sort();
  choose("");
}

function theme() {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const now = () => page.dataset.theme ?? (dark.matches ? "dark" : "light");
  const button = byId("theme");
  const label = () => (button.textContent = now() === "dark" ? "Light theme" : "Dark theme");
  button.addEventListener("click", () => {
    page.dataset.theme = now() === "dark" ? "light" : "dark";
    label();
  });
  dark.addEventListener("change", label);
  button.hidden = false;
  label();
}

// The other files of the script come after this one.
addEventListener("DOMContentLoaded", begin);
