"use strict";

/**
 * Sorts the rows of a table by a column, numbers as numbers, and remembers the choice.
 */
function sortRows(table, column, descending) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  rows.sort((a, b) => compareCells(a.cells[column].textContent, b.cells[column].textContent));
  if (descending) rows.reverse();
  for (const row of rows) body.appendChild(row);
  saveState(table.id, { column, descending });
}

function compareCells(left, right) {
  const a = parseFloat(left);
  const b = parseFloat(right);
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return left.localeCompare(right, undefined, { numeric: true });
}

function saveState(id, state) {
  try {
    localStorage.setItem("table:" + id, JSON.stringify(state));
  } catch (error) {
    // Private windows have no storage; a forgotten order is no reason to fail.
  }
}

function loadState(id) {
  const text = localStorage.getItem("table:" + id);
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    localStorage.removeItem("table:" + id);
    return null;
  }
}

// Renders only the rows that are on the screen, and two screens around it.
class WindowedRows {
  constructor(viewport, rowHeight, renderRow) {
    this.viewport = viewport;
    this.rowHeight = rowHeight;
    this.renderRow = renderRow;
    this.items = [];
    viewport.addEventListener("scroll", () => this.paint());
  }

  setItems(items) {
    this.items = items;
    this.paint();
  }

  visibleRange() {
    const screen = Math.ceil(this.viewport.clientHeight / this.rowHeight);
    const top = Math.floor(this.viewport.scrollTop / this.rowHeight);
    return [Math.max(0, top - screen), Math.min(this.items.length, top + 2 * screen)];
  }

  paint() {
    const [first, last] = this.visibleRange();
    const spacer = document.createElement("div");
    spacer.style.height = this.items.length * this.rowHeight + "px";
    for (let i = first; i < last; i++) {
      const row = this.renderRow(this.items[i]);
      row.style.transform = "translateY(" + i * this.rowHeight + "px)";
      spacer.appendChild(row);
    }
    this.viewport.replaceChildren(spacer);
  }
}

const exportCsv = (rows, separator = ",") =>
  rows
    .map((row) =>
      row
        .map(String)
        .map((cell) => (/[",\n]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell))
        .join(separator),
    )
    .join("\r\n");

module.exports = { sortRows, compareCells, loadState, WindowedRows, exportCsv };
