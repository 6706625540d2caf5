// Beside our extension in the same extension host: how long is its only thread kept in one piece, and does it
// work meanwhile or wait for a processor? Every note writes both, since the last one, into the file that PROBE_FILE
// names.

const { appendFileSync, openSync, readSync } = require("node:fs");
const vscode = require("vscode");

const EVERY_MS = 1;

/** Milliseconds for which this thread has had a processor, as Linux counts them. */
const schedule = openSync(`/proc/${process.pid}/task/${process.pid}/schedstat`);
const text = Buffer.alloc(64);
const onProcessor = () => parseInt(text.toString("latin1", 0, readSync(schedule, text, 0, text.length, 0)), 10) / 1e6;

exports.activate = (context) => {
  let paused = 0;
  let busy = 0;
  let time = performance.now();
  let used = onProcessor();
  const look = () => {
    const pause = performance.now() - time - EVERY_MS;
    paused = Math.max(paused, pause);
    busy = Math.max(busy, Math.min(pause, onProcessor() - used));
    time = performance.now();
    used = onProcessor();
  };
  const timer = setInterval(look, EVERY_MS);
  const note = () => {
    appendFileSync(process.env.PROBE_FILE, `${JSON.stringify([busy, paused])}\n`);
    paused = busy = 0;
  };
  context.subscriptions.push(
    { dispose: () => clearInterval(timer) },
    vscode.commands.registerCommand("probe.note", note),
  );
};
