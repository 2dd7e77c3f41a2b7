// Puts the page together: header, tabs, keys.

import { clips, clock, data, onTrack, rate, span, tracks } from "./data.js";
import { changesPane } from "./changes.js";
import { documentPane } from "./documents.js";
import { find, make } from "./dom.js";
import { fit, pixels, reveal, zoom, measure } from "./lanes.js";
import { graphPane } from "./graph.js";
import { listPane } from "./list.js";
import { passesPane } from "./passes.js";
import { planPane } from "./plan.js";
import { toggle } from "./player.js";
import { follow, read, select, set, state } from "./state.js";
import "./ask.js";
import "./live.js";

const TABS = {
  document: ["Document", documentPane], list: ["List", listPane], passes: ["Passes", passesPane],
  graph: ["Graph", graphPane], plan: ["Plan", planPane],
};
if (data.against) TABS.changes = ["Differences", changesPane];

for (const [name, [text]] of Object.entries(TABS)) {
  find("tabs").append(make("button", { type: "button", role: "tab", id: "tab-" + name, "aria-controls": "pane",
    onclick: () => set({ tab: name }) }, text));
}
find("tabs").addEventListener("keydown", event => {
  const names = Object.keys(TABS), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const name = names[(names.indexOf(state.tab) + step + names.length) % names.length];
  set({ tab: name });
  find("tab-" + name).focus();
});

function panes(changes) {
  if (!Object.hasOwn(TABS, state.tab)) state.tab = "document";
  const pane = find("pane");
  for (const name of Object.keys(TABS)) {
    const tab = find("tab-" + name);
    tab.setAttribute("aria-selected", name === state.tab);
    tab.tabIndex = name === state.tab ? 0 : -1;
  }
  pane.setAttribute("aria-labelledby", "tab-" + state.tab);
  if ("tab" in changes) { pane.onscroll = null; pane.scrollTop = 0; }
  if (state.view === "report") return;
  const concerns = ["tab", "kind", "id", "query", "line", "pass", "view"];
  if (concerns.some(name => name in changes)) TABS[state.tab][1](pane, changes);
}

function cursor(changes) {
  const slider = find("scroll"), shown = clock(state.at);
  slider.setAttribute("aria-valuemax", data.samples);
  slider.setAttribute("aria-valuenow", state.at);
  slider.setAttribute("aria-valuetext", shown + (state.id ? ", " + state.kind + " " + state.id : ""));
  if (document.activeElement !== find("at")) find("at").value = shown;
  if (document.activeElement !== find("query")) find("query").value = state.query;
  if ("kind" in changes && !("line" in changes)) state.line = "";
}

const ACTIONS = {
  "zoom-in": () => zoom(0.5),
  "zoom-out": () => zoom(2),
  fit: () => set({ from: 0, span: data.samples }),
  "fit-selection": () => {
    const list = state.kind === "track" ? onTrack.get(state.id) : [clips.get(state.id)].filter(Boolean);
    if (list?.length) fit(list[0].start, Math.max(...list.map(clip => clip.start + clip.length)));
  },
  previous: () => step(-1),
  next: () => step(1),
};

/** The clip before or after: of the track of the selection, or of all. */
function step(way) {
  const current = clips.get(state.id), track = current?.track ?? (tracks.has(state.id) ? state.id : null);
  const list = track ? onTrack.get(track) : [...data.clips].sort((a, b) => a.start - b.start);
  const number = list.indexOf(current);
  const following = number >= 0 ? list[number + way]
    : way > 0 ? list.find(clip => clip.start >= state.at) : list.findLast(clip => clip.start < state.at);
  if (following) { select("clip", following.id, { at: following.start }); reveal(); }
}

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", ACTIONS[button.dataset.do]);
}

find("query").addEventListener("input", event => set({ query: event.target.value, tab: "list" }));
find("at").addEventListener("change", event => {
  const parts = event.target.value.trim().split(":").map(Number);
  if (parts.length < 4 && parts.every(Number.isFinite)) {
    set({ at: parts.reduce((sum, part) => 60 * sum + part, 0) * rate });
    reveal();
  }
});

const KEYS = {
  "+": ACTIONS["zoom-in"], "=": ACTIONS["zoom-in"], "-": ACTIONS["zoom-out"], 0: ACTIONS.fit,
  f: ACTIONS["fit-selection"], "[": ACTIONS.previous, "]": ACTIONS.next,
  "/": () => find("query").focus(),
  " ": toggle,
  Escape: () => set({ kind: "", id: "", query: "", line: "" }),
  c: () => under("clip"), t: () => under("track"), b: () => under("bus"),
};

/** Select what is at the cursor: the next of the clips there, the track or the bus of the selection. */
function under(kind) {
  const here = data.clips.filter(clip => clip.start <= state.at && state.at < clip.start + clip.length);
  const current = clips.get(state.id) ?? here[0];
  const track = current?.track ?? (tracks.has(state.id) ? state.id : null);
  if (kind === "clip" && here.length) {
    select("clip", here[(here.findIndex(clip => clip.id === state.id) + 1) % here.length].id);
  } else if (track) {
    select(kind, kind === "track" ? track : tracks.get(track).bus);
  }
}

addEventListener("keydown", event => {
  const typing = event.target.matches?.("input");
  if (event.key === " " && event.target.matches?.("button, [role=button], input")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== "Escape")) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way && !event.target.matches?.("[role=tab]")) {
    event.preventDefault();
    set({ at: state.at + way * (event.shiftKey ? 1 : Math.max(state.span / 200, 1)) });
    reveal();
  } else if (Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    if (typing) event.target.blur();
    KEYS[event.key]();
  }
});

const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(name) {
  document.documentElement.dataset.theme = name;
  measure();
}
dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
find("theme").addEventListener("click", () =>
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

function views() {
  document.documentElement.dataset.view = state.view;
  for (const link of document.querySelectorAll("#views a")) {
    if (link.hash === "#in=" + state.view) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
}

follow(cursor);
follow(views);
follow(panes);
addEventListener("hashchange", () => {
  read();
  reveal();
  if (state.view === "report" && location.hash.startsWith("#t=")) find("mix").scrollIntoView({ block: "nearest" });
});
theme(dark.matches ? "dark" : "light");
set({ query: "", tab: data.against ? "changes" : "document" });
read();
reveal();
document.documentElement.dataset.ready = "true";
