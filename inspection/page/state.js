// What is shown and selected: one record, kept in the address after the #, and those who follow it.

import { clips, data, rate } from "./data.js";

export const state = {
  at: 0, kind: "", id: "", tab: "document", pass: "", query: "", from: 0, span: data.samples,
  line: "", playing: false, view: document.documentElement.dataset.view,
};
const first = state.view;
const KEYS = { sel: ["kind", "id"], tab: ["tab"], pass: ["pass"], q: ["query"], line: ["line"], in: ["view"] };
const listeners = [];
let writing = null, known = location.hash;

export function follow(listener) { listeners.push(listener); }

/** Change what is shown; every view that follows the state draws itself again. */
export function set(changes) {
  Object.assign(state, changes);
  state.at = Math.min(Math.max(Math.round(state.at), 0), Math.max(data.samples - 1, 0));
  state.span = Math.min(Math.max(state.span, 16), Math.max(data.samples * 1.02, 16));
  state.from = Math.min(Math.max(state.from, -0.02 * state.span), data.samples - 0.5 * state.span);
  for (const listener of listeners) listener(changes);
  clearTimeout(writing);
  writing = setTimeout(write, 150);
}

function write() {
  if (location.hash !== known) return; // somebody has changed it, and `read` will follow
  const parts = ["t=" + +(state.at / rate).toFixed(6)];
  if (state.span < data.samples) parts.push("view=" + Math.round(state.from) + "," + Math.round(state.span));
  for (const [name, fields] of Object.entries(KEYS)) {
    const value = fields.map(field => state[field]);
    if (value.every(Boolean) && (name !== "in" || state.view !== first)) parts.push(name + "=" + value.map(encodeURIComponent).join(":"));
  }
  const hash = "#" + parts.join("&");
  if (hash !== known) history.replaceState(null, "", hash);
  known = location.hash;
}

/** Take over what the address says. */
export function read() {
  const found = {};
  known = location.hash;
  for (const part of location.hash.slice(1).split("&")) {
    const name = part.split("=", 1)[0], value = part.slice(name.length + 1);
    if (name === "t" && Number.isFinite(+value)) found.at = Number(value) * rate;
    if (name === "view") [found.from, found.span] = value.split(",").map(Number);
    if (Object.hasOwn(KEYS, name)) {
      const values = value.split(":").map(text => {
        try { return decodeURIComponent(text); } catch { return text; }
      });
      KEYS[name].forEach((field, k) => { found[field] = values[k] ?? ""; });
    }
  }
  if (found.view) found.view = !data.is_whole || (data.report && found.view === "report") ? "report" : "mix";
  if (found.kind === "clip") found.at ??= clips.get(found.id)?.start ?? 0;
  if (!(found.span > 0)) { delete found.from; delete found.span; }
  set(found);
}

export const select = (kind, id, more = {}) => set({ kind, id, ...more });
