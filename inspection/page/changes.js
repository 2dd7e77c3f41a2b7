// The differences from another mix, in words; each leads to its place and to the line.

import { clips, data } from "./data.js";
import { placeLink } from "./ask.js";
import { link, make } from "./dom.js";
import { reveal } from "./lanes.js";
import { select } from "./state.js";

const lineOf = place => place?.line ? place.document + "|" + place.line : "";

function go({ level, id, before, after }) {
  const clip = level === "clip" ? clips.get(id) ?? data.against.clips.find(old => old.id === id) : null;
  const more = { line: lineOf(after ?? before), tab: "document" };
  select(level, id, clip ? { ...more, at: clip.start } : more);
  reveal();
}

export function changesPane(pane) {
  const { name, changes } = data.against;
  pane.replaceChildren(make("div", { class: "padded" },
    make("p", { class: "soft", role: "status" },
      (changes.length === 1 ? "1 difference" : changes.length + " differences") + " from " + name),
    make("table", {}, make("thead", {}, make("tr", {}, ["what", "difference", "was at", "is at"].map((text, k) =>
      make("th", { scope: "col", class: k > 1 ? "where" : null }, text)))), make("tbody", {}, changes.map(change => make("tr", { class: "row" },
      make("td", {}, link(change.about, () => go(change))), make("td", {}, change.what),
      make("td", { class: "where" }, placeLink(change.before)),
      make("td", { class: "where" }, placeLink(change.after))))))));
}
