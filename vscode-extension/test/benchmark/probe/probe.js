// Beside our extension in the same extension host: how long is its only thread busy in one piece?
// Every note writes what was seen since the last one into the file that PROBE_FILE names.

const { appendFileSync } = require("node:fs");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const vscode = require("vscode");

const RESOLUTION = 1;

exports.activate = (context) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const note = () => {
    const blocks = [delay.max, delay.percentile(99.9)].map((nanoseconds) => nanoseconds / 1e6 - RESOLUTION);
    appendFileSync(process.env.PROBE_FILE, `${JSON.stringify(blocks)}\n`);
    delay.reset();
  };
  context.subscriptions.push(vscode.commands.registerCommand("probe.note", note));
};
