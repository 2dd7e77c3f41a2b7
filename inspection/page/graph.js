// The graph around the selection: its nodes, what feeds them and what they feed, never all of it.

import { data, nodes, owned, users } from "./data.js";
import { draw, make } from "./dom.js";
import { paths } from "./gains.js";
import { select, state } from "./state.js";

const WIDE = 210, TALL = 62, BOX = 190, HIGH = 40, FEW = 4, MORE = 12;
// How many neighbours of a node are shown, where that is more than a few.
const room = new Map();
let last = "";

const soundOf = node => node.operands.slice(0, node.operands.length - node.measures.length);

/** The nodes in sight, and how many each leaves out. */
function sight() {
  const chosen = owned.get(state.kind + ":" + state.id) ?? owned.get("master:master") ?? [];
  const kept = new Set(chosen.map(node => node.name)), hidden = new Map();
  const inner = new Set(kept);
  const up = chosen.map(node => node.name);
  while (up.length && kept.size < 300) {
    const name = up.shift(), sources = soundOf(nodes.get(name)), most = room.get(name) ?? FEW;
    const new_ = sources.filter(operand => !kept.has(operand));
    for (const operand of new_.slice(0, most)) {
      kept.add(operand);
      // Behind a sum that is not selected itself, a branch is one box.
      if (!inner.has(name) || nodes.get(name).operands.length === 1) up.push(operand);
    }
    if (new_.length > most) hidden.set(name, new_.length - most);
  }
  const end = chosen.at(-1);
  if (end) for (const path of paths(end.name)) for (const { node } of path) kept.add(node.name);
  return { kept: data.nodes.filter(node => kept.has(node.name)), hidden, inner };
}

export function graphPane(pane) {
  if (last !== state.kind + state.id) room.clear();
  last = state.kind + state.id;
  const { kept, hidden, inner } = sight(), rank = new Map(), inRow = new Map(), place = new Map();
  for (const node of kept) {
    const above = soundOf(node).filter(operand => rank.has(operand)).map(operand => rank.get(operand));
    const row = above.length ? Math.max(...above) + 1 : 0;
    rank.set(node.name, row);
  }
  // What feeds something sits directly above it.
  for (const node of [...kept].reverse()) {
    const below = (users.get(node.name) ?? []).map(user => rank.get(user.node.name)).filter(Number.isInteger);
    if (below.length) rank.set(node.name, Math.min(...below) - 1);
  }
  const least = Math.min(...rank.values());
  for (const node of kept) {
    const row = rank.get(node.name) - least, column = inRow.get(row) ?? 0;
    inRow.set(row, column + 1);
    place.set(node.name, [10 + column * WIDE, 10 + row * TALL]);
  }
  const width = 20 + WIDE * Math.max(...inRow.values(), 1) + 70, height = 20 + TALL * (Math.max(...inRow.keys(), 0) + 1);
  const wires = kept.flatMap(node => soundOf(node).filter(operand => place.has(operand)).map(operand => {
    const [x, y] = place.get(operand), [to, down] = place.get(node.name);
    return draw("path", { class: "wire", d: `M${x + BOX / 2} ${y + HIGH}C${x + BOX / 2} ${y + HIGH + 16} ${to + BOX / 2} ${down - 16} ${to + BOX / 2} ${down}` });
  }));
  const boxes = kept.map(node => box(node, place.get(node.name), inner.has(node.name), hidden.get(node.name), pane));
  pane.replaceChildren(make("div", { class: "padded" },
    make("p", { class: "soft" }, (state.id ? state.kind + " " + state.id : "the master") + ": " +
      kept.length + " of " + data.nodes.length + " nodes, before optimisation"),
    draw("svg", { class: "graph", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Graph of the selection" }, wires, boxes)));
  if (inner.size) pane.querySelector("g.inner")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function box(node, [x, y], isInner, more, pane) {
  const go = () => select(node.owner.level, node.owner.id, { line: node.place?.line ? node.place.document + "|" + node.place.line : "" });
  const grow = () => { room.set(node.name, (room.get(node.name) ?? FEW) + MORE); graphPane(pane); };
  const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
  return draw("g", { class: "node" + (isInner ? " inner" : ""), transform: `translate(${x} ${y})` },
    draw("title", {}, "%" + node.name + ": " + node.does + (node.cause ? ", " + node.cause : "")),
    draw("g", { role: "button", tabindex: "0", "aria-label": node.does, onclick: go, onkeydown: pressed(go) },
      draw("rect", { width: BOX, height: HIGH, rx: 5 }),
      draw("text", { x: 8, y: 16 }, cut(node.does, 28)), draw("text", { x: 8, y: 32, class: "soft" }, cut(node.name, 28))),
    more ? draw("g", { role: "button", tabindex: "0", "aria-label": more + " more inputs", onclick: grow, onkeydown: pressed(grow) },
      draw("text", { x: BOX + 4, y: 24, class: "more" }, "+" + more)) : "");
}

const pressed = action => event => {
  if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); action(); }
};
