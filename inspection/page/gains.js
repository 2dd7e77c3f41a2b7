// The gain of a clip on its way to the master: breakpoints and fades, followed by straight lines.

import { data, ducks, nearest, nodes, rate, users } from "./data.js";

/** The index of the last of the increasing numbers that is at most `at`; -1: none is. */
export function lastAt(numbers, at, of = number => number) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(numbers[middle]) <= at) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function between(at, positions, values) {
  const k = lastAt(positions, at);
  if (k < 0) return values[0];
  if (k + 1 === positions.length) return values[k];
  const share = (at - positions[k]) / (positions[k + 1] - positions[k]);
  return values[k] + (values[k + 1] - values[k]) * share;
}

function faded(fade, at) {
  const inside = (at - fade.start) / Math.max(fade.length, 1);
  const share = Math.min(Math.max(fade.is_in ? inside : 1 - inside, 0), 1);
  const shape = data.shapes[fade.shape], place = share * (shape.length - 1);
  const k = Math.min(Math.floor(place), shape.length - 2);
  return shape[k] + (shape[k + 1] - shape[k]) * (place - k);
}

/** What a node does at a sample of its operand: factors per channel, or null, and its value now. */
export function effect(node, at) {
  const { factors, moving, fade } = node.gain;
  if (fade) {
    const factor = faded(fade, at), inside = at - fade.start;
    const now = inside >= 0 && inside < fade.length
      ? (100 * inside / fade.length).toPrecision(3) + "% through" : "";
    return { factors: [factor], now };
  }
  if (!moving) return { factors, now: "" };
  const values = moving.values.map(channel => between(at, moving.at, channel));
  if (moving.unit === "db") return { factors: [10 ** (values[0] / 20)], now: "now " + decibels(values[0]) };
  if (moving.unit === "hz") return { factors: null, now: "now " + Math.round(values[0]) + " Hz" };
  return { factors: values, now: "moving" };
}

/** The ways of a value to the master: the users after it, each with its place on the operand's time. */
export function* paths(name, soFar = []) {
  const node = nodes.get(name);
  if (node.kind === "output" && node.owner.level === "master") yield soFar;
  for (const user of users.get(name) ?? []) yield* paths(user.node.name, [...soFar, user]);
}

/** The ways of a clip to the master; a value that several clips share has ways of the others, too. */
export function waysOf(clip) {
  const start = path => path.reduce((sum, step) => sum + step.start, 0);
  return clip.ways ??= [...paths(clip.node)].filter(path => start(path) === clip.start);
}

/** What clip.node becomes at sample `at` of the mix, on one path: stages and their product. */
export function stack(clip, path, at) {
  let now = at - path.reduce((sum, step) => sum + step.start, 0);
  let factors = [1], known = true;
  const stages = [];
  for (const { node, start } of path) {
    const done = effect(node, now);
    now += start;
    if (!node.gain.known) known = false;
    if (done.factors) {
      const wide = Math.max(factors.length, done.factors.length), before = factors;
      factors = Array.from({ length: wide }, (_, c) =>
        (before[c] ?? before[0]) * (done.factors[c] ?? done.factors[0]));
    }
    stages.push({ node, ...done, why: reason(node, done, at) });
  }
  return { stages, factors, known };
}

function reason(node, done, at) {
  if (node.kind === "limiter") return limiting(at);
  const duck = ducks.get(node.name);
  if (!duck) return node.cause;
  const down = -20 * Math.log10(done.factors[0]);
  const found = duck.spans[lastAt(duck.spans, at, span => span.start)];
  if (down > 1e-9 && found) return "ducked " + +down.toPrecision(3) + " dB by " + found.clips.join(", ");
  return "not ducked here; " + duck.rule;
}

/** How far the limiter of the render lowers the master; it is no part of the total. */
function limiting(at) {
  const down = nearest(data.levels?.limiter, at / rate);
  return down === undefined || down === null ? "" : down ? "lowers the master by " + down.toFixed(1) + " dB here" : "idle here";
}

/** Whether a stage changes the sound, as far as one sample shows. */
export function matters(stage) {
  if (stage.why || stage.now || !stage.node.gain.known || stage.node.gain.shapes) return true;
  return stage.factors !== null && stage.factors.some(factor => factor !== 1);
}

export function decibels(db) {
  if (db === -Infinity) return "−∞ dB";
  const text = Math.abs(db) < 0.005 ? "0.00" : Math.abs(db).toFixed(2);
  return (db < 0 && text !== "0.00" ? "−" : "+") + text + " dB";
}

/** Factors as levels: one if all channels are alike, else left and right. */
export function levels(factors) {
  const each = (factors ?? []).map(factor => decibels(20 * Math.log10(factor)));
  return each.every(text => text === each[0]) ? each.slice(0, 1)
    : each.map((text, c) => (each.length === 2 ? "LR"[c] : c + 1) + " " + text);
}
