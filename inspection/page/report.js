// The report of the render beside the mix: checks, files, chapters and findings, with their seconds.

import { clips, data, rate } from "./data.js";
import { link, make } from "./dom.js";
import { placeLink } from "./ask.js";
import { reveal } from "./lanes.js";
import { select, set } from "./state.js";

const number = value => value === null ? "–" : value.toFixed(1).replace("-", "−");
const clockOf = seconds => Math.floor(seconds / 60) + ":" + (seconds % 60).toFixed(2).padStart(5, "0");
const moment = seconds => link(clockOf(seconds), () => { set({ at: seconds * rate }); reveal(); });

const table = (names, rows) => make("table", {}, make("thead", {}, make("tr", {},
  names.map(name => make("th", { scope: "col" }, name)))), make("tbody", {}, rows));
const row = (...cells) => make("tr", {}, cells.map(cell => make("td", {}, cell)));

function asked({ low, high, unit }) {
  if (low === null && high === null) return "";
  if (low === null) return "at most " + number(high) + " " + unit;
  if (high === null) return "at least " + number(low) + " " + unit;
  return number(low) + " to " + number(high) + " " + unit;
}

const verdict = passed => make("span", { class: passed ? "good" : "bad" }, passed ? "pass" : "fail");

export function reportPane(pane) {
  const { checks, files, chapters, warnings, loudest_s, passed, limiter } = data.report;
  const facts = [["loudest 3 s", loudest_s], ["the limiter takes most", limiter?.deepest_db ? limiter.deepest_s : null]];
  pane.replaceChildren(make("div", { class: "padded" },
    make("h2", { class: passed ? "good" : "bad" }, passed ? "All checks passed" : "Checks failed"),
    table(["check", "asked", "measured", ""], checks.map(check => row(check.what, asked(check),
      number(check.measured) + " " + check.unit, [verdict(check.passed), check.fix ? " " + check.fix : ""]))),
    make("p", {}, facts.filter(([, at]) => at !== null && at !== undefined).map(([name, at]) => [name + ": ", moment(at), "  "])),
    warnings.length ? table(["found", "", "at", ""], warnings.map(found => row(found.code, found.message,
      found.at_s === null ? "" : moment(found.at_s),
      [placeLink(found.place), found.clips.filter(id => clips.has(id)).map(id => [" ", link(id, () => select("clip", id))])]))) : "",
    chapters.length ? table(["chapter", "from", "LUFS"], chapters.map(chapter =>
      row(chapter.label, moment(chapter.start_s), number(chapter.integrated_lufs)))) : "",
    table(["file", "LUFS", "dBTP"], files.map(file =>
      row(file.file, number(file.levels.integrated_lufs), number(file.levels.true_peak_dbtp))))));
}
