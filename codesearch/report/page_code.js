// Two functions face to face: what differs is marked, lines that are alike stand beside each other.

/** The lines of a function, with what differs in them and how they are coloured. */
function lines([text, runs], differences, first) {
  const ranges = [];
  for (let n = 0; n < differences.length; n += 4) {
    const [start, end] = [differences[n + first], differences[n + first + 1]];
    if (end > start) ranges.push({ start, end });
  }
  const colours = [];
  let offset = 0;
  for (const [, kind, length] of runs.matchAll(/([a-z]*)(\d+)/g)) {
    colours.push({ start: offset, end: (offset += Number(length)), kind });
  }
  let [start, c, r] = [0, 0, 0];
  return text.split("\n").map((line) => {
    const end = start + line.length;
    while (c < colours.length && colours[c].end <= start) c += 1;
    while (r < ranges.length && ranges[r].end <= start) r += 1;
    const here = { from: start, text: line, colours: [], ranges: [] };
    for (let n = c; n < colours.length && colours[n].start < end; n += 1) here.colours.push(colours[n]);
    for (let n = r; n < ranges.length && ranges[n].start < end; n += 1) {
      // Layout is not compared: no mark on a margin.
      const range = trimmed(line, Math.max(ranges[n].start - start, 0), Math.min(ranges[n].end - start, line.length));
      if (range) here.ranges.push(range);
    }
    here.differs = here.ranges.length > 0;
    here.pieces = (margin) => pieces(here, margin);
    start = end + 1;
    return here;
  });
}

function trimmed(line, start, end) {
  while (start < end && /\s/.test(line[start])) start += 1;
  while (start < end && /\s/.test(line[end - 1])) end -= 1;
  return start < end ? { start, end } : null;
}

// Controls, marks that reorder text, halves of a character.
const UNSAFE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

function visible(text) {
  const out = [];
  let last = 0;
  for (const found of text.matchAll(UNSAFE)) {
    const code = found[0].charCodeAt(0).toString(16).padStart(4, "0");
    out.push(text.slice(last, found.index), make("span", { class: "escape" }, `\\u${code}`));
    last = found.index + 1;
  }
  out.push(text.slice(last));
  return out;
}

function pieces(line, margin) {
  const coloured = (start, end) => {
    const out = [];
    for (const colour of line.colours) {
      const [a, b] = [Math.max(colour.start - line.from, start), Math.min(colour.end - line.from, end)];
      if (a >= b) continue;
      const text = visible(line.text.slice(a, b));
      out.push(...(colour.kind ? [make("span", { class: colour.kind }, ...text)] : text));
      start = b;
    }
    if (start < end) out.push(...visible(line.text.slice(start, end)));
    return out;
  };
  const out = [];
  let last = Math.min(margin, line.text.length);
  for (const { start, end } of line.ranges) {
    out.push(...coloured(last, start), make("mark", {}, ...coloured(start, end)));
    last = end;
  }
  out.push(...coloured(last, line.text.length));
  return out;
}

/** Which lines face each other, by number; null where a line faces nothing. */
function pairs(facing) {
  let [left, right] = [0, 0];
  return [...facing].map((kind) => [kind === "r" ? null : left++, kind === "l" ? null : right++]);
}
