// The answer to "what is here": the selection, then every clip that sounds at the cursor.

import { buses, clips, clock, data, nodes, onTrack, overlapping, owned, rate, sources, span, tracks } from "./data.js";
import { draw, find, link, make } from "./dom.js";
import { decibels, levels, matters, stack, waysOf } from "./gains.js";
import { fileClock } from "./lanes.js";
import { readings } from "./measured.js";
import { follow, select, set, state } from "./state.js";

const CURVE_POINTS = 240, CURVE_TOP = 12, CURVE_LOW = -48;

export function placeLink(place) {
  if (!place) return "";
  if (!place.line) return "";
  const own = place.document === data.documents[0]?.name;
  return link(own ? "line " + place.line : place.document.split("/").pop() + ":" + place.line, () => set({ tab: "document", line: place.document + "|" + place.line }),
    { class: "link code", title: "Show " + place.document + ":" + place.line });
}

function ask() {
  if (state.view === "report") { asked = ""; return; }
  const answer = find("answer");
  answer.replaceChildren(...remarks(), ...selection(), ...moment());
}

/** The warnings of the compilation: all of them, or those about the selected clip. */
function* remarks() {
  const place = state.kind === "clip" && clips.get(state.id)?.place;
  const shown = data.remarks.filter(({ place: where }) => !state.id || (place && where &&
    where.document === place.document && (where.pointer + "/").startsWith(place.pointer + "/")));
  for (const { code, severity, message, help, place: where } of shown) {
    yield make("p", { class: "remark" }, make("b", { class: severity === "note" ? "" : "bad" }, severity + " " + code), " ",
      message, help ? make("span", { class: "soft" }, " (" + help + ")") : "", " ", placeLink(where));
  }
}

function* selection() {
  if (state.kind === "clip" && clips.has(state.id)) yield* clipFacts(clips.get(state.id));
  if (state.kind === "track" && tracks.has(state.id)) yield* trackFacts(tracks.get(state.id));
  if (state.kind === "bus" && buses.has(state.id)) yield* busFacts(buses.get(state.id));
  if (state.kind === "master") yield* own("master", "master", null);
}

function facts(pairs) {
  return make("dl", {}, pairs.filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function* clipFacts(clip) {
  const source = sources.get(clip.source), track = tracks.get(clip.track);
  yield make("h2", {}, "clip " + clip.id);
  yield facts([
    ["plays", source ? [source.path, source.plays ? ", " + source.plays : ""].join("") : clip.source],
    ["from", source ? fileClock(source, clip.offset) + " to " + fileClock(source, clip.offset + clip.length) + " of the file" : ""],
    ["in the mix", clock(clip.start) + " to " + clock(clip.start + clip.length) + ", " + span(clip.length) + ", from sample " + clip.start],
    ["on", [link("track " + clip.track, () => select("track", clip.track)), ", ",
      link("bus " + track?.bus, () => select("bus", track?.bus))]],
    ["silent", clip.silent && make("span", { class: "bad" }, clip.silent)],
    ["written at", placeLink(clip.place)],
  ]);
  if (!clip.node) return;
  for (const path of waysOf(clip)) yield overTime(clip, path);
}

function* trackFacts(track) {
  const list = onTrack.get(track.id);
  yield* own("track", track.id, track.place);
  yield facts([
    ["role", track.role],
    ["bus", link(track.bus, () => select("bus", track.bus))],
    ["clips", list.length + (list.length ? ", " + clock(list[0].start) + " to " + clock(list.at(-1).reach) : "")],
    ["silent", track.silent && make("span", { class: "bad" }, track.silent)],
  ]);
}

function* busFacts(bus) {
  const inside = data.tracks.filter(track => track.bus === bus.id);
  yield* own("bus", bus.id, bus.place);
  yield facts([["tracks", inside.map((track, k) =>
    [k ? ", " : "", link(track.id, () => select("track", track.id))])]]);
}

/** The nodes of a track, a bus or the master, with what each does. */
function* own(kind, id, place) {
  yield make("h2", {}, kind === id ? id : kind + " " + id, " ", placeLink(place));
  const list = owned.get(kind + ":" + id) ?? [];
  yield make("table", {}, make("tbody", {}, list.map(node => make("tr", {},
    make("td", { class: "whose" }, node.kind), make("td", {}, node.does, node.cause && make("div", { class: "why" }, node.cause)),
    make("td", { class: "where" }, placeLink(node.place))))));
}

/** The gain of a clip over its time: each gain that moves, and their product. */
function overTime(clip, path) {
  const count = Math.min(CURVE_POINTS, clip.length), series = new Map();
  for (let k = 0; k < count; k++) {
    const at = clip.start + Math.round(k * (clip.length - 1) / Math.max(count - 1, 1));
    const { stages, factors } = stack(clip, path, at);
    for (const stage of stages) {
      if (!stage.node.gain.moving && !stage.node.gain.fade || !stage.factors) continue;
      push(series, stage.node.name, stage.factors);
    }
    push(series, "", factors);
  }
  const y = db => 100 * Math.min(Math.max((CURVE_TOP - db) / (CURVE_TOP - CURVE_LOW), 0), 1);
  const total = series.get("");
  const line = values => "M" + values.map((db, k) => 1000 * k / Math.max(count - 1, 1) + " " + y(db)).join("L");
  const now = 1000 * (state.at - clip.start) / clip.length;
  const low = Math.min(...total), high = Math.max(...total);
  const label = "Gain over the clip, without filters: " + decibels(low) + " to " + decibels(high);
  return make("figure", {}, make("div", { class: "why" }, label),
    draw("svg", { class: "curve", viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": label },
      [...series].filter(([name]) => name).map(([name, values]) =>
        draw("path", { d: line(values) }, draw("title", {}, nodes.get(name).does))),
      draw("path", { class: "total", d: line(total) }),
      now >= 0 && now <= 1000 ? draw("path", { class: "now", d: `M${now} 0V100` }) : ""));
}

function push(series, name, factors) {
  if (!series.has(name)) series.set(name, []);
  series.get(name).push(20 * Math.log10(Math.max(...factors)));
}

function* moment() {
  const sounding = [], silent = [];
  for (const track of data.tracks) {
    for (const clip of overlapping(track.id, state.at, state.at + 1)) (clip.node ? sounding : silent).push(clip);
  }
  sounding.sort((a, b) => (b.id === state.id) - (a.id === state.id));
  yield make("h2", { class: "moment" }, "At " + clock(state.at),
    make("span", { class: "soft" }, ", sample " + state.at + ": " +
      (sounding.length === 1 ? "1 clip sounds" : sounding.length + " clips sound")));
  yield measured();
  for (const clip of sounding) {
    for (const path of waysOf(clip)) yield card(clip, path);
  }
  for (const clip of silent) {
    yield make("div", { class: "card" }, make("h3", {}, clipLink(clip)),
      make("p", { class: "bad" }, "silent: " + clip.silent), placeLink(clip.place));
  }
}

function measured() {
  const found = readings(state.at);
  return found && make("p", {}, "Measured in the master: " + found);
}

const lines = factors => levels(factors).map(text => make("div", {}, text));

const clipLink = clip => link(clip.id, () => select("clip", clip.id));

function card(clip, path) {
  const source = sources.get(clip.source), { stages, factors, known } = stack(clip, path, state.at);
  const rows = stages.filter(matters).map(({ node, factors, now, why }) => make("tr", {},
    make("td", { class: "whose" }, node.owner.level === "clip" ? "clip" : link(node.owner.level, () =>
      select(node.owner.level, node.owner.id), { title: node.owner.id })),
    make("td", {}, node.does + (now && now !== "moving" ? ", " + now : ""), why && make("div", { class: "why" }, why)),
    make("td", { class: "n" }, lines(factors)),
    make("td", { class: "where" }, placeLink(node.place))));
  rows.push(make("tr", { class: "total" }, make("td", { class: "whose" }, "total"),
    make("td", {}, "including master" + (known ? "" : ", without its loudness gain")),
    make("td", { class: "n", "data-factors": factors.join(" ") }, lines(factors)), make("td")));
  return make("div", { class: "card" + (clip.id === state.id ? " chosen" : ""), "data-clip": clip.id },
    make("h3", {}, clipLink(clip), " ", placeLink(clip.place)),
    make("p", { class: "soft" }, "plays ", source.path, " at ",
      make("span", { class: "file" }, fileClock(source, clip.offset + state.at - clip.start)),
      source.plays ? ", " + source.plays : ""),
    make("table", {}, make("tbody", {}, rows)));
}

let queued = false, last = 0, asked = "";
follow(() => {
  const question = [state.at, state.kind, state.id, state.view].join();
  if (question === asked) return;
  // While it plays, four times a second, and not under the pointer.
  if (state.playing && (performance.now() - last < 250 || find("answer").matches(":hover"))) return;
  last = performance.now();
  asked = question;
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; ask(); });
});
