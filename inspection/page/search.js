// Search: words, and conditions such as kind:fade, gain<-20 or source:bed; all of them must hold.

import { data, owned, sources } from "./data.js";
import { follow, state } from "./state.js";

/** What the search found: null without one; keys are "clip:track/id", "bus:id" and so on. */
export const found = { ids: null, why: new Map() };

const NAMES = { gain: "gain_db", pan: "position", freq: "frequency_hz", frequency: "frequency_hz" };

/** Everything that can be found: buses, tracks, clips, the master, each with its nodes. */
export const things = [
  { kind: "master", id: "master" },
  ...data.buses.map(bus => ({ kind: "bus", id: bus.id, bus: bus.id })),
  ...data.tracks.map(track => ({ kind: "track", id: track.id, track: track.id, bus: track.bus })),
  ...data.clips.map(clip => ({ kind: "clip", id: clip.id, track: clip.track, clip })),
];
const busOf = new Map(data.tracks.map(track => [track.id, track.bus]));
for (const thing of things) {
  thing.key = thing.kind + ":" + thing.id;
  thing.nodes = owned.get(thing.key) ?? [];
  thing.bus ??= busOf.get(thing.track);
  const source = thing.clip && sources.get(thing.clip.source);
  thing.source = thing.clip ? thing.clip.source + " " + (source?.path ?? "") : "";
  thing.text = [thing.id, thing.source, thing.clip?.silent ?? ""].join(" ").toLowerCase();
}

/** The values that a node has under a name: an attribute, or all that an automation goes through. */
function* valuesOf(node, name) {
  const own = node.attributes[NAMES[name] ?? name];
  if (typeof own === "number") yield own;
  if (name === "gain" && node.gain.moving?.unit === "db") yield* node.gain.moving.values[0];
}

const COMPARE = { "<": (a, b) => a < b, ">": (a, b) => a > b, "=": (a, b) => a === b };

function condition(term) {
  const compared = /^([a-z_]+)([<>=])([-−+]?[0-9.]+)$/.exec(term);
  if (compared) {
    const [, name, sign, text] = compared, bound = Number(text.replace("−", "-"));
    return thing => thing.nodes.find(node => {
      for (const value of valuesOf(node, name)) if (COMPARE[sign](value, bound)) return true;
      return false;
    });
  }
  const [, name, wanted] = /^(kind|source|track|bus|id|is):(.*)$/.exec(term) ?? [];
  if (name === "kind") return thing => thing.nodes.find(node => node.kind.includes(wanted));
  if (name === "is") return thing => wanted === thing.kind || (wanted === "silent" && thing.clip?.silent);
  if (name) return thing => (thing[name] ?? "").toLowerCase().includes(wanted);
  return thing => thing.text.includes(term) || thing.nodes.find(node =>
    node.does.toLowerCase().includes(term) || node.cause.toLowerCase().includes(term));
}

function search() {
  const terms = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  found.ids = terms.length ? new Set() : null;
  found.why.clear();
  if (!terms.length) return;
  const conditions = terms.map(condition);
  for (const thing of things) {
    let why = null;
    const all = conditions.every(holds => {
      const node = holds(thing);
      if (node?.does) why = node;
      return node;
    });
    if (!all) continue;
    found.ids.add(thing.key);
    if (why) found.why.set(thing.key, why);
  }
}

follow(changes => { if ("query" in changes) search(); });

/** What the list shows: everything, or what the search found. */
export const listed = () => found.ids ? things.filter(thing => found.ids.has(thing.key)) : things;

