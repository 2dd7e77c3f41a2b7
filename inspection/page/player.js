// Plays the master of a render, or its stems with mute and solo; the cursor follows.

import { data, rate } from "./data.js";
import { find, make } from "./dom.js";
import { reveal } from "./lanes.js";
import { follow, set, state } from "./state.js";

const LATE = 0.05;
/** Whether the page is in a frame of an origin of its own, which can read no file: the page around
    it is asked for those that are to be played. */
const isApart = parent !== window && origin === "null";
const sounds = new Map(data.sounds.map(({ target, url }) => {
  const audio = new Audio();
  audio.preload = "none";
  if (!isApart) audio.src = url;
  return [target, { target, url, audio, mute: false, solo: false }];
}));
const stems = [...sounds.values()].filter(sound => sound.target !== "master");
const master = sounds.get("master");

/** What is heard: the master, or those of the stems that are not silenced. */
function chosen() {
  if (!stems.some(stem => stem.mute || stem.solo)) return [master];
  const solo = stems.some(stem => stem.solo);
  return stems.filter(stem => !stem.mute && (stem.solo || !solo));
}

let playing = [];

/** Whether there are files to play; those that are missing are asked for. */
function haveFiles(wanted) {
  const missing = wanted.filter(sound => !sound.audio.src);
  for (const { url } of missing) parent.postMessage({ wanted: url }, "*");
  if (missing.length) find("readout").textContent = "loading…";
  return !missing.length;
}

if (isApart) addEventListener("message", event => {
  if (event.source !== parent) return;
  const { url, file, error } = event.data;
  const sound = [...sounds.values()].find(each => each.url === url && !each.audio.src);
  if (!(file instanceof Blob)) find("readout").textContent = "cannot play: " + error;
  else if (sound) {
    sound.audio.src = URL.createObjectURL(file);
    if (chosen().every(each => each.audio.src)) start();
  }
});

function start() {
  stop();
  if (!haveFiles(chosen())) return;
  playing = chosen();
  for (const { audio } of playing) {
    audio.currentTime = state.at / rate;
    audio.play().catch(error => { find("readout").textContent = "cannot play: " + error.message; stop(); });
  }
  button.textContent = playing.length ? "❚❚" : "▶";
  button.setAttribute("aria-label", "Pause");
  requestAnimationFrame(step);
}

function stop() {
  for (const { audio } of playing) audio.pause();
  playing = [];
  button.textContent = "▶";
  button.setAttribute("aria-label", "Play");
  if (state.playing) set({ playing: false });
}

let moving = false;

function step() {
  if (!playing.length) return;
  const [{ audio }, ...others] = playing;
  if (audio.ended) { stop(); return; }
  for (const { audio: other } of others) {
    if (Math.abs(other.currentTime - audio.currentTime) > LATE) other.currentTime = audio.currentTime;
  }
  if (!audio.seeking && audio.readyState > 1) {
    moving = true;
    set({ at: audio.currentTime * rate, playing: true });
    if (state.at > state.from + 0.9 * state.span) set({ from: state.at - 0.1 * state.span });
    moving = false;
  }
  requestAnimationFrame(step);
}

// Whoever moves the cursor while it plays moves what is played.
follow(changes => {
  if ("at" in changes && !moving) for (const { audio } of playing) audio.currentTime = state.at / rate;
});

export function toggle() {
  if (playing.length) stop(); else if (master) { start(); reveal(); }
}

const button = make("button", { type: "button", "aria-label": "Play", title: "Play (space)", onclick: toggle }, "▶");

function switches(stem) {
  const made = ["mute", "solo"].map(what => make("button", {
    type: "button", class: "switch", "aria-pressed": "false", "aria-label": what + " " + stem.target, title: what + " " + stem.target,
    onclick: event => {
      stem[what] = !stem[what];
      event.target.setAttribute("aria-pressed", stem[what]);
      if (playing.length) start();
    },
  }, what[0].toUpperCase()));
  return make("span", { class: "stem" }, stem.target.replace(/^bus_/, ""), made);
}

if (master) find("player").append(button, ...stems.map(switches));
