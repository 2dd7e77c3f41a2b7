// Everything as a list: what the search found, for those who do not see the canvas or look for an id.

import { clock, data, sources } from "./data.js";
import { link, make } from "./dom.js";
import { found, listed } from "./search.js";
import { select, state } from "./state.js";

const PAGE = 200;
let shown = PAGE, last = "";

export function listPane(pane) {
  if (last !== state.query) { shown = PAGE; last = state.query; }
  const all = listed();
  const rows = all.slice(0, shown).map(thing => {
    const { clip, key, kind, id } = thing, why = found.why.get(key);
    const at = clip ? { at: clip.start, line: "" } : { line: "" };
    return make("tr", { class: "row" },
      make("td", {}, kind),
      make("td", {}, link(id, () => select(kind, id, at), { "aria-current": state.kind === kind && state.id === id ? "true" : null })),
      make("td", { class: "n" }, clip ? clock(clip.start) : ""),
      make("td", {}, clip ? sources.get(clip.source)?.path ?? clip.source : ""),
      make("td", {}, clip?.silent ? make("span", { class: "bad" }, "silent: " + clip.silent) : why?.does ?? ""));
  });
  const more = all.length - rows.length;
  pane.replaceChildren(make("div", { class: "padded" },
    make("p", { class: "soft", role: "status" }, found.ids ? all.length + " found" : data.clips.length + " clips"),
    make("table", {}, make("thead", {}, make("tr", {}, ["kind", "id", "start", "plays", ""].map(text => make("th", { scope: "col" }, text)))),
      make("tbody", {}, rows)),
    more > 0 ? make("p", {}, link(more + " more", () => { shown += PAGE * 5; listPane(pane); })) : ""));
}
