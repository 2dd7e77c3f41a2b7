// The lanes: a bus, its tracks and their clips over time, on a canvas that draws what is in sight.

import { buses, clips, clock, data, fileSeconds, onTrack, overlapping, owned, peaksOf, rate, sources, tracks } from "./data.js";
import { find } from "./dom.js";
import { lastAt } from "./gains.js";
import { faults, measuredRows, paintMeasured, readingsAt } from "./measured.js";
import { found } from "./search.js";
import { follow, select, set, state } from "./state.js";

const RULER = 30, BUS = { report: 44, mix: 22 }, TRACK = 46;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const canvas = find("canvas"), scroll = find("scroll"), pen = canvas.getContext("2d");
const numbers = new Map(data.buses.map((bus, number) => [bus.id, number]));

// Every row from top to bottom: its kind, its id, its top and its height. The report has no tracks.
let rows = [];
let total = RULER, laid = "";

function lay() {
  rows = [];
  total = RULER;
  laid = state.view;
  for (const { kind, unit, heights } of measuredRows) add(kind, kind, heights[laid], unit);
  for (const bus of [...data.buses.map(bus => bus.id), ""]) {
    const inside = data.tracks.filter(track => track.bus === bus || (bus === "" && !buses.has(track.bus)));
    if (bus) add("bus", bus, BUS[laid]);
    if (laid === "mix") for (const track of inside) add("track", track.id, TRACK);
  }
  if (laid === "mix") for (const track of differing.keys()) if (!tracks.has(track)) add("gone", track, TRACK);
}

function add(kind, id, height, unit = "") {
  const bus = kind === "track" ? tracks.get(id).bus : id;
  const curves = (owned.get(kind + ":" + id) ?? []).filter(node => node.gain.moving?.unit === "db");
  rows.push({ kind, id, unit, top: total, height, colour: "--c" + (numbers.get(bus) ?? 6) % 7, curves });
  total += height;
}

const isMeasured = row => measuredRows.some(({ kind }) => kind === row.kind);
const isOwner = row => row.kind === "bus" || row.kind === "track";
const isTrack = row => row.kind === "track" || row.kind === "gone";

// The clips of the old mix that are elsewhere now, or gone, by their tracks.
const differing = new Map();
for (const old of data.against?.clips ?? []) {
  const now = clips.get(old.id);
  if (now && now.start === old.start && now.length === old.length && !now.silent === !old.silent) continue;
  if (!differing.has(old.track)) differing.set(old.track, []);
  differing.get(old.track).push(old);
}

let width = 0, height = 0, gutter = 0, colours = {}, queued = false;

export const pixels = at => gutter + (at - state.from) / state.span * (width - gutter);
const samplesAt = x => state.from + (x - gutter) / (width - gutter) * state.span;

/** Draw in the next frame. */
export function queue() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; paint(); });
}

export function measure() {
  if (laid !== state.view) lay();
  find("height").style.height = total + "px"; // as much as it may take
  width = scroll.clientWidth;
  height = Math.min(total + 2, scroll.clientHeight || total);
  gutter = width < 600 ? 74 : 120;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = height + "px";
  find("height").style.height = Math.max(total - height, 0) + "px";
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(document.documentElement);
  colours = new Proxy({}, { get: (seen, name) => seen[name] ??= style.getPropertyValue(name).trim() });
  queue();
}

export function paint() {
  const began = performance.now(), down = scroll.scrollTop;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = colours["--lane"];
  pen.fillRect(0, 0, width, height);
  pen.font = "12px system-ui, DejaVu Sans, sans-serif";
  pen.textBaseline = "middle";
  grid();
  for (const row of rows) {
    const top = row.top - down;
    if (top + row.height > RULER && top < height) paintRow(row, top);
  }
  ruler();
  const x = pixels(state.at);
  if (x >= gutter) {
    pen.fillStyle = colours["--cursor"];
    pen.fillRect(x - 0.5, 0, 1.5, height);
  }
  painted.push(performance.now() - began);
  if (painted.length > 600) painted.shift();
}

/** Milliseconds of the last frames, for those who measure. */
export const painted = [];
window.mixdownFrames = painted;

function paintRow(row, top) {
  const chosen = state.kind === row.kind && state.id === row.id;
  const box = { left: gutter, right: width, top, height: row.height - 1, pixels };
  if (row.kind === "bus") {
    pen.fillStyle = colours["--bus"];
    pen.fillRect(0, top, width, row.height);
  }
  if (!isTrack(row)) {
    paintMeasured(pen, colours, row, box);
  } else {
    let x = gutter - 1;
    const names = [];
    for (const clip of overlapping(row.id, state.from, state.from + state.span)) {
      const left = Math.max(pixels(clip.start), gutter), right = pixels(clip.start + clip.length);
      if (right - left < 2 && right <= x + 1 && clip.id !== state.id) continue; // under its neighbour
      paintClip(row, clip, left, Math.max(right, left + 1), top, names);
      x = right;
    }
    for (const old of differing.get(row.id) ?? []) {
      const right = pixels(old.start + old.length), left = Math.max(pixels(old.start), gutter);
      outline(old, top, row.height);
      if (row.kind === "gone" && right - left > 40) names.push([old, left, Math.min(right, width)]);
    }
    for (const [clip, left, right] of names) name(clip, left, right, top);
  }
  for (const node of row.curves) curve(node, gutter, width, top, row.height, 0);
  pen.fillStyle = colours[row.kind === "bus" ? "--bus" : "--lane"];
  pen.fillRect(0, top, gutter, row.height);
  pen.fillStyle = colours[row.colour];
  if (!isMeasured(row)) pen.fillRect(0, top, row.kind === "bus" ? 6 : 3, row.height);
  pen.fillStyle = colours["--rule"];
  pen.fillRect(0, top + row.height - 1, width, 1);
  pen.fillRect(gutter - 1, top, 1, row.height);
  pen.fillStyle = colours[chosen ? "--accent" : "--ink"];
  pen.font = (chosen || row.kind === "bus" ? "600 " : "") + "12px system-ui, DejaVu Sans, sans-serif";
  const more = row.kind === "gone" ? "gone" : row.kind === "track" ? tracks.get(row.id).silent : row.height > 40 ? row.unit : "";
  cut(width < 600 ? row.id.replace(/^bus_/, "") : row.id, 10, top + row.height / 2 - (more ? 7 : 0), gutter - 14);
  pen.font = "12px system-ui, DejaVu Sans, sans-serif";
  if (more) {
    pen.fillStyle = colours["--soft"];
    cut(more, 10, top + row.height / 2 + 8, gutter - 14);
  }
}

function paintClip(row, clip, left, right, top, names) {
  const low = top + row.height - 4, high = top + 3, colour = colours[row.colour];
  const dim = clip.silent ? 0.25 : found.ids && !found.ids.has("clip:" + clip.id) ? 0.2 : 1;
  pen.globalAlpha = 0.22 * dim;
  pen.fillStyle = colour;
  pen.fillRect(left, high, right - left, low - high);
  pen.globalAlpha = 0.85 * dim;
  if (right - left >= 2) {
    waveform(clip, left, Math.min(right, width), high, low);
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    if (right - left >= 6) {
      pen.strokeRect(left + 0.5, high + 0.5, right - left - 1, low - high - 1);
      fades(clip, high, low);
    }
    if (right - left > 40) names.push([clip, left, Math.min(right, width)]);
  } else {
    pen.fillRect(left, high + 8, right - left, low - high - 16);
  }
  pen.globalAlpha = 1;
  if (state.kind === "clip" && clip.id === state.id) {
    pen.strokeStyle = colours["--accent"];
    pen.lineWidth = 2;
    pen.strokeRect(left, high - 1, Math.max(right - left, 2), low - high + 2);
  }
}

/** Where a clip was in the old mix. */
function outline(clip, top, size) {
  const left = pixels(clip.start), right = pixels(clip.start + clip.length);
  if (right < gutter || left > width) return;
  pen.strokeStyle = colours["--bad"];
  pen.lineWidth = 1.2;
  pen.setLineDash([4, 3]);
  pen.strokeRect(Math.max(left, gutter), top + 1.5, Math.max(right - Math.max(left, gutter), 1), size - 4);
  pen.setLineDash([]);
}

function waveform(clip, left, right, high, low) {
  const source = sources.get(clip.source), peaks = peaksOf(source);
  if (!peaks) return;
  const middle = (high + low) / 2, half = (low - high) / 2;
  // Columns of the overview per sample of the mix.
  const scale = source.ratio[0] / source.ratio[1] / source.overview.step;
  const perPixel = state.span / (width - gutter) * scale;
  let place = (samplesAt(left) - clip.start + clip.offset) * scale;
  pen.beginPath();
  for (let x = left; x < right; x++, place += perPixel) {
    const first = Math.floor(place), last = Math.max(first + 1, Math.floor(place + perPixel));
    let peak = 0;
    for (let k = Math.max(first, 0); k < last && k < peaks.length; k++) if (peaks[k] > peak) peak = peaks[k];
    const size = half * (peak / 255) ** 2;
    if (size > 0.3) pen.rect(x, middle - size, 1, 2 * size);
  }
  pen.fill();
}

function fades(clip, high, low) {
  for (const node of owned.get("clip:" + clip.id) ?? []) {
    const { fade, moving } = node.gain;
    if (moving?.unit === "db") {
      const left = pixels(clip.start), right = pixels(clip.start + clip.length);
      curve(node, Math.max(left, gutter), Math.min(right, width), high, low - high, clip.start);
    }
    if (!fade) continue;
    const shape = data.shapes[fade.shape], from = pixels(clip.start + fade.start);
    const size = pixels(clip.start + fade.start + fade.length) - from;
    if (size < 3 || from > width || from + size < gutter) continue;
    pen.beginPath();
    for (let k = 0; k < shape.length; k += 8) {
      const share = k / (shape.length - 1), x = from + (fade.is_in ? share : 1 - share) * size;
      pen.lineTo(Math.max(x, gutter), low - shape[k] * (low - high));
    }
    pen.stroke();
  }
}

/** A gain over time: 0 dB is at a quarter of the height, -36 dB at the bottom. */
function curve(node, left, right, top, size, shift) {
  const { at, values } = node.gain.moving;
  const y = db => top + size * Math.min(Math.max((12 - db) / 48, 0.02), 0.98);
  let k = Math.max(lastAt(at, samplesAt(left) - shift), 0);
  pen.save();
  pen.beginPath();
  pen.rect(left, top, right - left, size);
  pen.clip();
  pen.beginPath();
  pen.moveTo(left, y(values[0][k]));
  for (; k < at.length; k++) {
    const x = pixels(at[k] + shift);
    pen.lineTo(x, y(values[0][k]));
    if (x > right) break;
  }
  if (k === at.length) pen.lineTo(right, y(values[0][k - 1]));
  pen.strokeStyle = colours["--ink"];
  pen.lineWidth = 1.4;
  pen.stroke();
  pen.restore();
}

function name(clip, left, right, top) {
  const text = clip.id.slice(clip.track.length + 1), room = right - left - 8;
  pen.globalAlpha = 0.75;
  pen.fillStyle = colours["--card"];
  pen.fillRect(left + 2, top + 4, Math.min(pen.measureText(text).width, room) + 4, 14);
  pen.globalAlpha = 1;
  pen.fillStyle = colours["--ink"];
  cut(text, left + 4, top + 11, room);
}

/** A text, cut where its room ends. */
function cut(text, x, y, room) {
  if (room < 12) return;
  let shown = text;
  if (pen.measureText(text).width > room) {
    while (shown && pen.measureText(shown + "…").width > room) shown = shown.slice(0, -1);
    shown += "…";
  }
  pen.fillText(shown, x, y);
}

/** The round times in sight: sample, and digits after the second. */
function* ticks() {
  const seconds = state.span / rate, most = Math.max(2, (width - gutter) / 90);
  let step = STEPS.find(step => seconds / step <= most) ?? 14400, digits = 0;
  while (step <= 1 && seconds / 10 ** -(digits + 1) <= most && digits < 5) step = 10 ** -++digits;
  const last = Math.min(state.from + state.span, data.samples) / rate / step;
  for (let k = Math.max(0, Math.ceil(state.from / rate / step)); k <= last; k++) {
    const at = k * step * rate;
    if (pixels(at) >= gutter) yield [at, digits];
  }
}

function grid() {
  pen.fillStyle = colours["--rule"];
  for (const [at] of ticks()) pen.fillRect(pixels(at), RULER - 14, 1, height);
}

function ruler() {
  pen.fillStyle = colours["--card"];
  pen.fillRect(0, 0, width, RULER);
  pen.fillStyle = colours["--rule"];
  pen.fillRect(0, RULER - 1, width, 1);
  for (const [at, digits] of ticks()) {
    pen.fillStyle = colours["--soft"];
    pen.fillText(clock(at, digits), pixels(at) + 3, RULER - 8);
    pen.fillStyle = colours["--rule"];
    pen.fillRect(pixels(at), RULER - 14, 1, 14);
  }
  pen.fillStyle = colours["--bad"];
  for (const { at_s } of faults) {
    const x = pixels(at_s * rate);
    if (x >= gutter && x <= width) pen.fillRect(x - 1, RULER - 6, 2, height);
  }
  let free = gutter;
  for (const marker of data.markers) {
    const x = pixels(marker.at);
    if (x < gutter || x > width) continue;
    pen.fillStyle = colours["--cursor"];
    pen.fillRect(x, 0, 1, height);
    if (x >= free) {
      cut(marker.label, x + 4, 8, 140);
      free = x + Math.min(pen.measureText(marker.label).width, 140) + 8;
    }
  }
}

/** Zoom so that the sample under `x` stays where it is. */
export function zoom(factor, x = Math.min(Math.max(pixels(state.at), gutter), width)) {
  const still = samplesAt(x), span = Math.min(Math.max(state.span * factor, 16), data.samples * 1.02);
  set({ span, from: still - (x - gutter) / (width - gutter) * span });
}

/** Show a range with some room on both sides. */
export function fit(from, to) {
  const span = Math.max(to - from, rate / 100);
  set({ from: from - 0.06 * span, span: 1.12 * span });
}

/** Bring a sample, and the row of what is selected, into sight. */
export function reveal() {
  if (state.at < state.from || state.at > state.from + state.span) set({ from: state.at - state.span / 2 });
  const old = data.against?.clips.find(clip => clip.id === state.id);
  const track = state.kind === "clip" ? (clips.get(state.id) ?? old)?.track : state.id;
  const row = rows.find(row => row.id === track && (row.kind === state.kind || isTrack(row)));
  if (row && (row.top < scroll.scrollTop + RULER || row.top + row.height > scroll.scrollTop + height)) {
    scroll.scrollTop = row.top - height / 2;
  }
}

export function rowAt(y) {
  const place = y + scroll.scrollTop;
  return y < RULER ? null : rows.find(row => place >= row.top && place < row.top + row.height) ?? null;
}

function clicked(x, y) {
  const at = samplesAt(x), row = rowAt(y);
  if (x < gutter) {
    if (row && isOwner(row)) select(row.kind, row.id);
    return;
  }
  const near = row?.kind === "track" ? [...overlapping(row.id, at, at + 1)].pop() : null;
  const other = row && isOwner(row) ? row : { kind: "", id: "" };
  if (near) select("clip", near.id, { at }); else select(other.kind, other.id, { at });
}

const touching = new Map();
let moved = 0;
scroll.addEventListener("pointerdown", event => {
  touching.set(event.pointerId, event.offsetX);
  moved = 0;
});
scroll.addEventListener("pointermove", event => {
  const box = scroll.getBoundingClientRect(), x = event.clientX - box.left;
  if (!touching.has(event.pointerId)) {
    hover(x, event.clientY - box.top);
    return;
  }
  const others = [...touching].filter(([id]) => id !== event.pointerId);
  const before = touching.get(event.pointerId);
  touching.set(event.pointerId, x);
  moved += Math.abs(x - before);
  if (others.length) {
    const [[, other]] = others;
    zoom(Math.max(Math.abs(before - other), 1) / Math.max(Math.abs(x - other), 1), (x + other) / 2);
  } else if (moved > 4) {
    scroll.setPointerCapture(event.pointerId);
    set({ from: state.from - (x - before) / (width - gutter) * state.span });
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  scroll.addEventListener(end, event => {
    const box = scroll.getBoundingClientRect();
    if (touching.delete(event.pointerId) && end === "pointerup" && moved <= 4) {
      clicked(event.clientX - box.left, event.clientY - box.top);
    }
  });
}
scroll.addEventListener("wheel", event => {
  const sideways = event.shiftKey ? event.deltaY : event.deltaX;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    event.preventDefault();
    zoom(1.0015 ** event.deltaY, event.clientX - scroll.getBoundingClientRect().left);
  } else if (sideways) {
    event.preventDefault();
    set({ from: state.from + sideways / (width - gutter) * state.span });
  }
}, { passive: false });
scroll.addEventListener("scroll", queue);

function hover(x, y) {
  const at = samplesAt(x), row = rowAt(y);
  if (row && x > gutter && (isMeasured(row) || laid === "report")) {
    find("readout").textContent = readingsAt(at);
    return;
  }
  const clip = row?.kind === "track" && x > gutter ? [...overlapping(row.id, at, at + 1)].pop() : null;
  const source = clip && sources.get(clip.source);
  const file = source ? ": " + source.path + " at " + fileClock(source, clip.offset + at - clip.start) : "";
  find("readout").textContent = x < gutter || !row ? "" : clock(at) + (clip ? "  " + clip.id + file : "");
}

export function fileClock(source, sample) {
  return clock(Math.max(fileSeconds(source, sample), 0) * rate);
}

follow(changes => {
  if (laid !== state.view) measure(); else queue();
  if (laid === "report" && "at" in changes) find("readout").textContent = readingsAt(state.at);
});
new ResizeObserver(measure).observe(scroll);
