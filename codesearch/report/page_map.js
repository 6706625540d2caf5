// The map: a treemap of folders and files, laid out for the room that there is.

const HEAT = [0, 0.1, 0.25, 0.5]; // shares over which a colour begins
const [LABEL, GAP] = [18, 2]; // pixels
const [LEAST_WIDE, LEAST_HIGH, LEAST_AREA] = [64, 46, 1500]; // of a folder that is drawn with what is in it

const root = tree();
const found = perPath();
let shown = root; // the folder that the map shows

/** Folders with their files; a folder that holds one thing alone is one with it. */
function tree() {
  const top = { name: "", path: "", lines: 0, twice: 0, children: new Map() };
  for (const [path, lines, twice] of files) {
    let [node, from] = [top, 0];
    for (;;) {
      node.lines += lines;
      node.twice += twice;
      const cut = path.indexOf("/", from);
      const key = cut < 0 ? path.slice(from) : path.slice(from, cut + 1);
      if (cut < 0) {
        node.children.set(key, { name: key, path, lines, twice });
        break;
      }
      if (!node.children.has(key)) {
        node.children.set(key, { name: key.slice(0, -1), path: path.slice(0, cut), lines: 0, twice: 0, children: new Map() });
      }
      node = node.children.get(key);
      from = cut + 1;
    }
  }
  return joined(top);
}

function joined(node) {
  if (!node.children) return node;
  node.children = [...node.children.values()].map(joined).filter((child) => child.lines > 0);
  node.children.sort((a, b) => b.lines - a.lines || (a.path < b.path ? -1 : 1));
  const [only] = node.children;
  if (node.path && node.children.length === 1) return { ...only, name: `${node.name}/${only.name}` };
  return node;
}

/** How many findings a file or folder has a part in. */
function perPath() {
  const counts = new Map();
  for (const row of rows) {
    const places = new Set();
    for (const path of row.paths) {
      for (let cut = path.length; cut > 0; cut = path.lastIndexOf("/", cut - 1)) places.add(path.slice(0, cut));
    }
    for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}

function share(node) {
  return node.lines ? node.twice / node.lines : 0;
}

function described(node) {
  const what = `${node.path || "All files"}: ${count(node.lines, "line")}, ${percent(share(node))} there more than once`;
  return `${what}, ${count(node.path ? (found.get(node.path) ?? 0) : rows.length, "finding")}`;
}

/** Squarified: rows along the shorter side, each as long as its rectangles get squarer. */
function squares(nodes, x, y, wide, high, put) {
  let left = nodes.reduce((sum, node) => sum + node.lines, 0);
  for (let at = 0; at < nodes.length; ) {
    const side = Math.min(wide, high);
    const scale = (wide * high) / left;
    let [end, sum, worst] = [at, 0, Infinity];
    while (end < nodes.length) {
      const next = sum + nodes[end].lines;
      const deep = (next * scale) / side;
      const ratios = [nodes[at], nodes[end]].map((node) => (node.lines * scale) / deep / deep);
      const now = Math.max(...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
      if (now > worst) break;
      [worst, sum, end] = [now, next, end + 1];
    }
    const deep = (sum * scale) / side;
    let along = 0;
    for (const node of nodes.slice(at, end)) {
      const long = (node.lines * scale) / deep;
      if (wide >= high) put(node, x, y + along, deep, long);
      else put(node, x + along, y, long, deep);
      along += long;
    }
    if (wide >= high) [x, wide] = [x + deep, wide - deep];
    else [y, high] = [y + deep, high - deep];
    [left, at] = [left - sum, end];
  }
}

function draw() {
  const area = byId("tiles");
  const held = area.contains(document.activeElement);
  const out = [];
  const box = (made, x, y, wide, high) => {
    const edges = { left: x, top: y, width: Math.max(wide - GAP / 2, 1), height: Math.max(high - GAP / 2, 1) };
    for (const [edge, value] of Object.entries(edges)) made.style[edge] = `${value.toFixed(1)}px`;
    out.push(made);
  };
  const button = (node, kind, label) =>
    make(
      "button",
      {
        type: "button",
        class: kind,
        tabindex: -1,
        title: node.path,
        "aria-label": node.children ? `Folder ${described(node)}` : described(node),
        "aria-pressed": node.children ? false : String(node.path === filter.where),
        onclick: () => choose(node.path === filter.where && !node.children ? shown.path : node.path),
        onfocus: (event) => now(node, event.target),
        onmouseenter: () => (byId("about").textContent = described(node)),
      },
      ...label,
    );
  const put = (node, x, y, wide, high) => {
    if (!node.children || wide < LEAST_WIDE || high < LEAST_HIGH || wide * high < LEAST_AREA) {
      const heat = HEAT.filter((over) => share(node) > over).length;
      const label = [];
      if (wide > 40 && high > 18) label.push(make("span", {}, node.children ? `${node.name}/` : node.name));
      if (label.length && high > 34 && share(node)) label.push(make("span", {}, percent(share(node))));
      box(button(node, `heat${heat}`, label), x, y, wide, high);
      return;
    }
    box(make("div"), x, y, wide, high);
    box(button(node, "folder", [`${node.name}/`]), x + 1, y + 1, wide - 2, LABEL);
    squares(node.children, x + 3, y + LABEL + 1, wide - 6, high - LABEL - 4, put);
  };
  squares(shown.children, 2, 2, area.clientWidth - 3, area.clientHeight - 3, put);
  area.replaceChildren(...out);
  const first = area.querySelector("[aria-pressed=true]") ?? area.querySelector("button");
  if (first) first.tabIndex = 0;
  if (first && held) first.focus({ preventScroll: true });
  byId("about").textContent = described(shown);
}

/** One stop of the Tab key for the whole map. */
function now(node, target) {
  for (const other of byId("tiles").querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  target.tabIndex = 0;
  byId("about").textContent = described(node);
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The nearest in the direction of the arrow; what lies aside counts as farther. */
function move(event) {
  const way = WAYS[event.key];
  if (!way || event.target.tagName !== "BUTTON") return;
  event.preventDefault();
  const middle = (made) => [made.offsetLeft + made.offsetWidth / 2, made.offsetTop + made.offsetHeight / 2];
  const [x, y] = middle(event.target);
  let [nearest, least] = [null, Infinity];
  for (const other of byId("tiles").querySelectorAll("button")) {
    const [right, down] = [middle(other)[0] - x, middle(other)[1] - y];
    const ahead = right * way[0] + down * way[1];
    const far = ahead + 2 * Math.abs(right * way[1]) + 2 * Math.abs(down * way[0]);
    if (ahead > 1 && far < least) [nearest, least] = [other, far];
  }
  nearest?.focus({ preventScroll: true });
}

/** Only findings of this file or folder, or of all with ""; the map shows that folder. */
function choose(where) {
  filter.where = where;
  narrow();
  if (!files.length) return;
  let [node, folder] = [root, root];
  const crumbs = [root];
  while (node && node.path !== where) {
    node = node.children?.find((child) => inside(where, child.path));
    if (node?.children) crumbs.push((folder = node));
  }
  shown = folder;
  byId("crumbs").replaceChildren(
    ...crumbs.map((one, n) => {
      const last = n === crumbs.length - 1 && where === one.path;
      const name = one === root ? "all files" : one.name;
      return make("li", {}, make("button", { type: "button", "aria-current": last ? "true" : false, onclick: () => choose(one.path) }, name));
    }),
  );
  draw();
}

function showMap() {
  if (!files.length) return;
  byId("map").hidden = false;
  const names = ["none", "under 10 %", "10 to 25 %", "25 to 50 %", "over 50 %"];
  byId("legend").append(...names.map((name, heat) => make("li", { class: `heat${heat}` }, name)));
  byId("tiles").addEventListener("keydown", move);
  let wide = byId("tiles").clientWidth;
  new ResizeObserver(([seen]) => {
    if (seen.contentRect.width === wide) return;
    wide = seen.contentRect.width;
    draw();
  }).observe(byId("tiles"));
}
