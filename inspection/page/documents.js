// The document itself: the lines of the selection are marked, and a line leads to what it made.

import { clips, data, owned } from "./data.js";
import { Lines, link, make } from "./dom.js";
import { select, set, state } from "./state.js";

// For each document: line -> what is written there, in line order.
const written = new Map(data.documents.map(document => [document.name, new Map()]));
for (const bus of data.buses) note(bus.place, "bus", bus.id);
for (const track of data.tracks) note(track.place, "track", track.id);
for (const clip of data.clips) note(clip.place, "clip", clip.id);
for (const node of data.nodes) note(node.place, node.owner.level, node.owner.id);

function note(place, kind, id) {
  const lines = place?.line && written.get(place.document);
  if (lines && !lines.has(place.line)) lines.set(place.line, { kind, id });
}

/** The lines of what is selected. */
function marked(name) {
  const found = new Set();
  const add = place => { if (place?.document === name && place.line) found.add(place.line); };
  const [document, line] = state.line.split("|");
  if (line) {
    if (document === name) found.add(Number(line));
    return found;
  }
  add((state.kind === "clip" ? clips.get(state.id) : data[state.kind === "bus" ? "buses" : "tracks"]
    .find(thing => thing.id === state.id))?.place);
  for (const node of owned.get(state.kind + ":" + state.id) ?? []) add(node.place);
  return found;
}

let shown = null;

export function documentPane(pane, changes) {
  if (!data.documents.length) {
    shown = null;
    pane.replaceChildren(make("p", { class: "padded" }, "This mix has no document."));
    return;
  }
  const wanted = state.line.split("|")[0] || owner() || shown?.name;
  const document = data.documents.find(document => document.name === wanted) ?? data.documents[0];
  if (shown?.pane !== pane || shown.name !== document.name || !pane.contains(shown.lines.shown)) open(pane, document);
  const lines = marked(document.name), first = Math.min(...lines);
  shown.marks = lines;
  if (lines.size && ["kind", "id", "line", "tab"].some(name => name in changes)) shown.lines.show(first - 1);
  else shown.lines.update();
}

function owner() {
  return (state.kind === "clip" ? clips.get(state.id) : null)?.place?.document;
}

function open(pane, document) {
  const texts = document.text.split(/\r\n|\r|\n/), at = written.get(document.name);
  shown = { pane, name: document.name, marks: new Set() };
  shown.lines = new Lines(pane, texts.length, (line, number) => {
    const made = at.get(number + 1);
    line.append(make("span", { class: "number" }, number + 1), texts[number]);
    if (shown.marks.has(number + 1)) line.classList.add("marked");
    if (made) {
      line.classList.add("followed");
      line.title = made.kind + " " + made.id;
      line.onclick = () => follow(made);
    }
  });
  if (data.documents.length > 1) {
    shown.lines.shown.before(make("div", { class: "padded" }, data.documents.map(other =>
      [link(other.name, () => set({ line: other.name + "|1" })), " "])));
  }
}

function follow({ kind, id }) {
  const clip = kind === "clip" && clips.get(id);
  select(kind, id, clip ? { line: "", at: clip.start } : { line: "" });
}
