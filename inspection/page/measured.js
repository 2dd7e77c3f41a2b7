// What a render measured, over time: waveform, limiter, loudness, and the peaks of buses.

import { clock, data, nearest, onTrack, rate } from "./data.js";

const LOUDEST = 0, QUIETEST = -48, FLOOR_DB = -60, LEAST_DEPTH_DB = 3;
const { levels, report } = data;
const target = report?.target, deepest = report?.limiter?.deepest_db ?? 0;
const depth = Math.max(LEAST_DEPTH_DB, Math.ceil(deepest));

/** The rows that a render adds: what they are called, their units, and their heights in the two views. */
export const measuredRows = !levels ? [] : [
  { kind: "waveform", unit: "", heights: { report: 92, mix: 34 } },
  ...levels.limiter ? [{ kind: "limiter", unit: "dB", heights: { report: 48, mix: 24 } }] : [],
  { kind: "loudness", unit: "LUFS", heights: { report: 132, mix: 56 } },
];

/** Clicks and dropouts that no clip accepts. */
export const faults = (report?.warnings ?? []).filter(found => found.at_s !== null && !found.accepted);

const number = value => value.toFixed(1).replace("-", "−");
const share = (value, top, bottom) => Math.min(Math.max((top - value) / (top - bottom), 0), 1);
const decibelsOf = peak => 20 * Math.log10(Math.max(peak, 1e-9));

/** Each value of a curve that is in sight: where its part begins and ends, and its number. */
function* parts(curve, { left, right, pixels }) {
  const count = curve.values.length, wide = curve.step_s * rate;
  for (let k = 0; k < count; k++) {
    const x = pixels((curve.start_s * rate) + k * wide), end = pixels((curve.start_s * rate) + (k + 1) * wide);
    if (x > right) return;
    if (end >= left) yield [x, Math.max(end - x, 1), k];
  }
}

const PAINTERS = {
  waveform(pen, colours, box) {
    const y = value => box.top + 2 + (box.height - 4) * share(value, 1, -1);
    pen.fillStyle = colours["--c0"];
    for (const [x, wide, k] of parts(levels.lowest, box)) {
      const high = y(levels.highest.values[k] ?? 0), low = y(levels.lowest.values[k] ?? 0);
      pen.fillRect(x, high, wide, Math.max(low - high, 0.6));
    }
    if (target.ceiling_db === null) return;
    const factor = 10 ** (target.ceiling_db / 20);
    for (const value of [factor, -factor]) dashed(pen, colours, box, y(value));
  },

  limiter(pen, colours, box) {
    pen.fillStyle = colours["--bad"];
    for (const [x, wide, k] of parts(levels.limiter, box)) {
      const value = levels.limiter.values[k];
      if (value) pen.fillRect(x, box.top, wide, box.height * Math.min(value / depth, 1));
    }
    label(pen, colours, box, "−" + depth, box.top + box.height - 8);
  },

  loudness(pen, colours, box) {
    const y = lufs => box.top + 2 + (box.height - 4) * share(lufs, LOUDEST, QUIETEST);
    for (const lufs of [-12, -24, -36]) {
      pen.fillStyle = colours["--rule"];
      pen.fillRect(box.left, y(lufs), box.right - box.left, 1);
      if (box.height > 100) label(pen, colours, box, "−" + -lufs, y(lufs));
    }
    if (target.lufs !== null) {
      const high = y(target.lufs + target.tolerance_lu);
      pen.globalAlpha = 0.45;
      pen.fillStyle = colours["--c2"];
      pen.fillRect(box.left, high, box.right - box.left, Math.max(y(target.lufs - target.tolerance_lu) - high, 1.5));
      pen.globalAlpha = 1;
    }
    if (target.ceiling_db !== null) dashed(pen, colours, box, y(target.ceiling_db));
    for (const [curve, colour, wide] of [[levels.momentary, "--soft", 1], [levels.short_term, "--c1", 1.8]]) {
      pen.strokeStyle = colours[colour];
      pen.lineWidth = wide;
      line(pen, curve, box, y);
    }
  },
};

/** Draw a row. `box`: its left, right, top and height, and `pixels`, from a sample to its place. */
export function paintMeasured(pen, colours, row, box) {
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.height);
  pen.clip();
  if (row.kind === "bus") paintBus(pen, colours, row, box); else PAINTERS[row.kind](pen, colours, box);
  pen.restore();
}

/** The peaks of the stem of a bus in dB, or, without a stem, when its clips play. */
function paintBus(pen, colours, row, box) {
  const peaks = levels?.buses[row.id];
  pen.fillStyle = colours[row.colour];
  pen.globalAlpha = 0.6;
  pen.beginPath();
  if (peaks) {
    for (const [x, wide, k] of parts(peaks, box)) {
      const size = box.height * (1 - share(decibelsOf(peaks.values[k] ?? 0), 0, FLOOR_DB));
      pen.rect(Math.floor(x), box.top + box.height - size, Math.ceil(wide + 1), size);
    }
  } else if (levels) {
    let reach = -1;
    const playing = data.tracks.filter(track => track.bus === row.id).flatMap(track => onTrack.get(track.id));
    for (const clip of playing.filter(clip => clip.node).sort((a, b) => a.start - b.start)) {
      const from = Math.max(clip.start, reach), end = clip.start + clip.length;
      const x = box.pixels(from), wide = box.pixels(end) - x;
      if (end > from && x < box.right && x + wide > box.left) pen.rect(x, box.top + box.height * 0.3, Math.max(wide, 1), box.height * 0.4);
      reach = Math.max(reach, end);
    }
  }
  pen.fill();
  pen.globalAlpha = 1;
}

function dashed(pen, colours, box, y) {
  pen.strokeStyle = colours["--bad"];
  pen.lineWidth = 1;
  pen.setLineDash([5, 4]);
  pen.beginPath();
  pen.moveTo(box.left, y);
  pen.lineTo(box.right, y);
  pen.stroke();
  pen.setLineDash([]);
}

function label(pen, colours, box, text, y) {
  pen.fillStyle = colours["--soft"];
  pen.fillText(text, box.left + 4, y);
}

function line(pen, curve, { right, pixels }, y) {
  let isDown = false;
  pen.beginPath();
  for (let k = 0; k < curve.values.length; k++) {
    // A value belongs to the middle of its window, which ends at `start_s` for the first.
    const value = curve.values[k], x = pixels((curve.start_s / 2 + k * curve.step_s) * rate);
    if (value === null) { isDown = false; continue; }
    if (isDown) pen.lineTo(x, y(value)); else pen.moveTo(x, y(value));
    isDown = true;
    if (x > right) break;
  }
  pen.stroke();
}

/** What was measured in the master around a sample, in words; "" without a render. */
export function readings(at) {
  if (!levels) return "";
  const seconds = at / rate, column = Math.floor(seconds / levels.lowest.step_s);
  const peak = Math.max(levels.highest.values[column] ?? 0, -(levels.lowest.values[column] ?? 0));
  return [
    ["peak", peak ? decibelsOf(peak) : null, "dBFS"],
    ["momentary", nearest(levels.momentary, seconds + 0.2), "LUFS"],
    ["short-term", nearest(levels.short_term, seconds + 1.5), "LUFS"],
    ["the limiter takes", nearest(levels.limiter, seconds), "dB"],
  ].filter(([, found]) => found !== undefined && found !== null)
    .map(([name, found, unit]) => name + " " + number(found) + " " + unit).join(", ");
}

/** The readings with their time. */
export const readingsAt = at => clock(at, 2) + (levels ? ": " + readings(at) : "");
