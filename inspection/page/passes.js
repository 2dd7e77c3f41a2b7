// The passes: what each changed, side by side, whole or around the selection.

import { data } from "./data.js";
import { Lines, find, link, make } from "./dom.js";
import { set, state } from "./state.js";

const CONTEXT = 2;
const { runs, pipeline, start } = data.passes;

/** The lines of the mix before a pass: those of the start, with the edits of all passes before. */
function linesBefore(number) {
  let lines = start.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const run of runs.slice(0, number)) {
    const after = [];
    let at = 0;
    for (const edit of run.edits) {
      for (; at < edit.at; at++) after.push(lines[at]);
      after.push(...edit.lines);
      at += edit.removed;
    }
    for (; at < lines.length; at++) after.push(lines[at]);
    if (run.edits.length) lines = after;
  }
  return lines;
}

/** The edits that concern the selection: a line of theirs has a value of its own. */
function concerns(edit, lines) {
  const own = "%" + state.id + ".";
  const named = line => line.includes(own) || (state.kind === "track" && line.includes("%" + state.id + "/"));
  return edit.lines.some(named) || lines.slice(edit.at, edit.at + edit.removed).some(named);
}

/** Rows of a side-by-side diff: [old line, new line, whether it is context]. */
function* compared(run, lines, near) {
  let end = 0;
  for (const edit of run.edits) {
    if (near && !concerns(edit, lines)) continue;
    const from = Math.max(edit.at - CONTEXT, end);
    if (from > end) yield ["⋯ line " + (from + 1), "", true];
    for (let k = from; k < edit.at; k++) yield [lines[k], lines[k], true];
    for (let k = 0; k < Math.max(edit.removed, edit.lines.length); k++) {
      yield [k < edit.removed ? lines[edit.at + k] : "", edit.lines[k] ?? "", false];
    }
    end = edit.at + edit.removed;
  }
}

/** Two lines without what they begin with in common, but for the name and what differs first. */
function shortened(before, after) {
  let k = 0;
  while (k < before.length && before[k] === after[k]) k++;
  k = Math.max(before.lastIndexOf("{", k), before.lastIndexOf(" %", k), before.lastIndexOf(", ", k));
  const name = before.split(" ", 1)[0].length;
  if (k <= name + 3) return [before, after];
  return [before, after].map(text => text.slice(0, name) + " … " + text.slice(k).trimStart());
}

let near = false;

function difference(pane, number) {
  const run = runs[number];
  if (!run.changed || !run.edits.length) {
    pane.replaceChildren(make("p", { class: "padded" }, run.name + " changed no line of the mix"));
    return;
  }
  const rows = [...compared(run, linesBefore(number), near && state.id)];
  if (!rows.length) {
    pane.replaceChildren(make("p", { class: "padded" }, run.name + " changed nothing around the selection"));
    return;
  }
  new Lines(pane, rows.length, (line, k) => {
    const [before, after, same] = rows[k];
    line.classList.add("pair");
    const [left, right] = same ? [before, after] : shortened(before, after);
    line.append(make("span", { class: same ? "" : before ? "gone" : "none", title: before }, left),
      make("span", { class: same ? "" : after ? "come" : "none", title: after }, right));
  });
}

const count = run => {
  const gone = run.edits.reduce((sum, edit) => sum + edit.removed, 0);
  const come = run.edits.reduce((sum, edit) => sum + edit.lines.length, 0);
  return come || gone ? `+${come} −${gone}` : "";
};

export function passesPane(pane) {
  let number = runs.findIndex(run => run.name === state.pass);
  if (number < 0) number = Math.max(runs.findIndex(run => run.name === "fold-gain"), 0);
  const diff = make("div", { class: "half", tabindex: "0", role: "region", "aria-label": "What " + runs[number].name + " changed" });
  const rows = runs.map((run, k) => make("tr", { class: "row" + (k === number ? " current" : "") },
    make("td", {}, link(run.name, () => set({ pass: run.name }), { "aria-current": k === number ? "true" : null })),
    make("td", { class: "n" }, run.nodes ?? ""), make("td", { class: "n" }, count(run)),
    make("td", { class: "n" }, run.ms === null ? "" : run.ms.toFixed(1))));
  const around = make("input", { type: "checkbox", id: "near", onchange: event => { near = event.target.checked; passesPane(pane); } });
  around.checked = near;
  pane.replaceChildren(make("div", { class: "split" },
    make("div", { class: "half padded" },
      make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "pass"),
        ["nodes", "lines", runs.some(run => run.ms !== null) ? "ms" : ""].map(text => make("th", { scope: "col", class: "n" }, text)))), make("tbody", {}, rows)),
      make("p", {}, make("label", {}, around, " only around the selection")),
      make("p", { class: "soft" }, "--pipeline ", make("code", { id: "pipeline" }, pipeline)),
      make("button", { type: "button", onclick: copy }, "Copy the pipeline")),
    diff));
  difference(diff, number);
  const current = pane.querySelector("tr.current");
  if (current) current.scrollIntoView({ block: "nearest" });
}

function copy(event) {
  const range = document.createRange();
  range.selectNodeContents(find("pipeline"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  navigator.clipboard?.writeText(pipeline).then(() => { event.target.textContent = "Copied"; }, () => {});
}
