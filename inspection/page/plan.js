// The plan of the backend: each filter leads to what it is for, and the selection to its filters.

import { clips, data, nodes } from "./data.js";
import { Lines, link, make } from "./dom.js";
import { select, state } from "./state.js";

const { text, labels, problem } = data.plan;
const lines = text.split("\n");
const byName = new Map(labels.map(label => [label.filter, label]));
const NAME = /[A-Za-z0-9_]+@[A-Za-z0-9_]+|(?<=^step )\S+/g;

/** What of a line is plain text, and what names a filter. */
function* parts(line) {
  let end = 0;
  for (const match of line.matchAll(NAME)) {
    const label = byName.get(match[0]);
    if (!label) continue;
    yield line.slice(end, match.index);
    yield label;
    end = match.index + match[0].length;
  }
  yield line.slice(end);
}

const isSelected = label => label.level === state.kind && label.owner === state.id;
// The first line of each filter.
const places = new Map();
lines.forEach((line, number) => {
  for (const part of parts(line)) if (part.filter && !places.has(part.filter)) places.set(part.filter, number);
});

let shown = null;

export function planPane(pane, changes) {
  if (problem) {
    pane.replaceChildren(make("pre", { class: "padded bad" }, problem));
    return;
  }
  if (!shown || !pane.contains(shown.shown)) {
    shown = new Lines(pane, lines.length, (line, number) => {
      for (const part of parts(lines[number])) {
        if (!part.filter) { line.append(part); continue; }
        const to = () => follow(part);
        line.append(link(part.filter, to, { title: "%" + part.value + ", of " + part.level + " " + part.owner }));
        if (isSelected(part)) line.classList.add("marked");
      }
    });
  }
  const first = labels.filter(isSelected).map(label => places.get(label.filter)).find(Number.isInteger);
  if (first !== undefined && ("tab" in changes || "id" in changes)) shown.show(first); else shown.update();
}

function follow({ level, owner, value }) {
  const clip = level === "clip" && clips.get(owner), place = nodes.get(value)?.place;
  const line = place?.line ? place.document + "|" + place.line : "";
  select(level, owner, clip ? { at: clip.start, line } : { line });
}
