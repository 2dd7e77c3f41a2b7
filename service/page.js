"use strict";
(() => {
const find = id => document.getElementById(id);
/** An element; text is always text: nothing here reads HTML. */
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== ""));
  return element;
};
const button = (text, action, attributes = {}) =>
  make("button", { type: "button", onclick: action, ...attributes }, text);
/** Change text only if it differs, so that screen readers and selections are left alone. */
const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

const level = (number, unit) =>
  typeof number === "number" ? `${number.toFixed(1).replace("-", "−")} ${unit}` : null;
const length = seconds => {
  const whole = Math.round(seconds), two = n => String(n).padStart(2, "0");
  return whole < 60 ? `${seconds.toFixed(1)} s`
    : `${whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}`
      : Math.floor(whole / 60)}:${two(whole % 60)}`;
};
const size = bytes => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
const time = text => new Date(text).toLocaleString();
const active = job => job.state === "queued" || job.state === "running";

// The server.

const KEY = "mixdown-key";
const STREAMS = 3;  // browsers open six connections to a server
const SOON_MS = 300, LATER_MS = 4000;
const steps = new Map();    // job -> what it does now
const numbers = new Map();  // job -> its last event
const streams = new Map();  // job -> what ends its stream
const sounds = new Map();   // artifact -> the address of its sound in this tab
const rows = new Map();     // job -> its entry in the list
let chosen = "", drawn = "", shown = null, reported = null, timer = 0;

class Refusal extends Error {
  constructor(status, problem) {
    super([problem.title, problem.detail].filter(Boolean).join(": ") || `status ${status}`);
    Object.assign(this, { status, diagnostics: problem.diagnostics ?? [] });
  }
}

async function call(path, options = {}) {
  const headers = new Headers(options.headers), key = sessionStorage.getItem(KEY);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const answer = await fetch(path, { ...options, headers, credentials: "omit", redirect: "error" });
  if (answer.ok) return answer;
  const refusal = new Refusal(answer.status, await answer.json().catch(() => ({})));
  if (refusal.status === 401) askKey(key ? "The server does not know this key." : "");
  throw refusal;
}
const read = async (path, options) => (await call(path, options)).json();

function showError(error) {
  const away = error instanceof TypeError;  // of fetch
  find("trouble").hidden = error.status === 401;  // the dialog says so
  write(find("trouble"), away ? "The server does not answer. Trying again." : error.message);
}
/** What a button does, once at a time, with its errors shown. */
const doing = action => async event => {
  const pressed = event.currentTarget;
  pressed.disabled = true;
  try { await action(event); find("trouble").hidden = true; } catch (error) { showError(error); }
  pressed.disabled = false;
};

function askKey(why) {
  write(find("why"), why);
  showSecret("Enter key");
  if (!find("ask").open) find("ask").showModal();
  ready();
}
function showSecret(otherwise = "") {
  const text = sessionStorage.getItem(KEY) ? "Forget key" : otherwise;
  write(find("secret"), text);
  find("secret").hidden = !text;
}
const ready = () => { document.documentElement.dataset.ready = ""; };

// The list, and the progress of its jobs.

function refreshIn(ms) {
  clearTimeout(timer);
  timer = setTimeout(refresh, ms);
}

async function refresh() {
  try {
    const only = find("only").value;
    const { jobs } = await read(`/v1/renders?limit=100${only ? `&state=${only}` : ""}`);
    list(jobs);
    const wanted = jobs.filter(active).sort((a, b) => (a.state < b.state) - (a.state > b.state));
    for (const job of wanted.slice(0, STREAMS)) if (!streams.has(job.id)) follow(job);
    if (chosen) await open();
    find("trouble").hidden = true;
    ready();
  } catch (error) { showError(error); }
  if (!find("ask").open) refreshIn(LATER_MS);
}

function list(jobs) {
  const ids = new Set(jobs.map(job => job.id));
  for (const [id, row] of rows) if (!ids.has(id)) { row.entry.remove(); rows.delete(id); }
  jobs.forEach((job, place) => {
    if (!rows.has(job.id)) rows.set(job.id, entry(job));
    const row = rows.get(job.id), there = find("jobs").children[place];
    if (there !== row.entry) find("jobs").insertBefore(row.entry, there ?? null);
    note(job);
  });
  find("none").hidden = jobs.length > 0;
}

function entry(job) {
  const state = make("span", { class: "state" }), facts = make("span", { class: "soft" });
  const bar = make("progress", { max: 100, "aria-label": "Progress" });
  const link = make("a", { href: `#${job.id}` },
    make("span", { class: "line" }, make("bdi", { class: "name" }, job.timeline_id), state), bar, facts);
  return { entry: make("li", {}, link), link, state, facts, bar };
}

function writeState(element, state) {
  element.dataset.state = state;
  write(element, state);
}

/** Show how far a job is, in the list and beside it. */
function note(job) {
  const row = rows.get(job.id);
  const left = job.eta_s < 60 ? `${Math.round(job.eta_s)} s` : length(job.eta_s);
  const eta = job.eta_s === null ? "" : ` · about ${left} left`;
  const far = job.state === "running" ? `${Math.round(job.percent)} %${eta}` : "";
  if (row) {
    const before = row.state.textContent;
    if (before && before !== job.state) write(find("status"), `${job.timeline_id}: ${job.state}`);
    row.job = job;
    writeState(row.state, job.state);
    write(row.facts, far || `${length(job.length_s)} · ${time(job.created_at)}`);
    row.bar.hidden = job.state !== "running";
    row.bar.value = job.percent;
    if (job.id === chosen) row.link.setAttribute("aria-current", "true");
    else row.link.removeAttribute("aria-current");
  }
  if (job.id === chosen && shown) {
    writeState(shown.state, job.state);
    shown.bar.value = job.percent;
    const waits = job.state === "queued" ? "waits for its turn" : "";
    write(shown.far, [waits, far, far && steps.get(job.id)].filter(Boolean).join(" · "));
  }
}

/** Follow the events of a job. fetch, unlike EventSource, can send a key. */
async function follow(job) {
  const stop = new AbortController();
  streams.set(job.id, stop);
  try {
    const headers = { "Last-Event-ID": String(numbers.get(job.id) ?? 0) };
    const answer = await call(job.links.events, { headers, signal: stop.signal });
    for await (const event of eventsOf(answer.body)) {
      numbers.set(job.id, event.id);
      if (event.event === "progress") {
        Object.assign(job, { percent: event.data.percent, eta_s: event.data.eta_s });
        steps.set(job.id, event.data.step);
      } else if (event.event !== "webhook") job.state = event.event;
      note(job);
    }
    refreshIn(SOON_MS);
  } catch { /* the list is asked for again anyway, and follows the job again */ }
  streams.delete(job.id);
}

/** The events in a stream. */
async function* eventsOf(body) {
  let text = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (text + part.value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map(line => line.split(/: (.*)/s)));
      if (fields.id) yield { ...fields, data: JSON.parse(fields.data) };
    }
  }
}

// The chosen job.

async function choose() {
  chosen = /^#[0-9a-f]{32}$/.test(location.hash) ? location.hash.slice(1) : "";
  document.body.toggleAttribute("data-chosen", chosen !== "");
  for (const address of sounds.values()) URL.revokeObjectURL(address);
  sounds.clear();
  drawn = "";
  shown = null;
  find("detail").replaceChildren();
  find("title").textContent = chosen ? "Loading…" : "Choose a job";
  find("hint").hidden = chosen !== "";
  for (const row of rows.values()) note(row.job);
  if (!chosen) return;
  await open();
  find("title").focus();
}

async function open() {
  const job = await read(`/v1/renders/${chosen}`);
  if (job.id !== chosen) return;
  const version = `${job.id} ${active(job) || job.state}`;
  if (version !== drawn) draw(job);  // what plays or has the focus is left alone
  drawn = version;
  note(job);
  if (active(job) && !streams.has(job.id)) follow(job);
}

function draw(job) {
  find("title").replaceChildren(make("bdi", {}, job.timeline_id));
  shown = {
    state: make("span", { class: "state" }),
    bar: make("progress", { max: 100, "aria-label": "Progress" }),
    far: make("p"),
  };
  const took = job.ended_at && job.started_at ? (new Date(job.ended_at) - new Date(job.started_at)) / 1000 : null;
  const facts = [
    ["state", shown.state],
    ["length", length(job.length_s)],
    ["submitted", time(job.created_at)],
    took === null ? null : ["took", `${length(took)}${job.attempts > 1 ? `, ${job.attempts} attempts` : ""}`],
    ["id", make("code", {}, job.id)],
  ].filter(Boolean);
  const cancel = doing(async () => { await call(job.links.self, { method: "DELETE" }); refreshIn(SOON_MS); });
  find("detail").replaceChildren(
    ...(active(job) ? [shown.bar, shown.far] : []),
    make("dl", {}, facts.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]).flat()),
    make("p", { class: "tools" },
      active(job) ? button("Cancel", cancel) : null,
      job.links.report ? button("Open the report", doing(() => openReport(job))) : null),
    ...(job.diagnostics.length ? [make("h3", {}, job.state === "failed" ? "Errors" : "Remarks"), remarks(job.diagnostics)] : []),
    ...(job.artifacts.length ? [make("h3", {}, "Files"), make("ul", { class: "files" }, job.artifacts.map(file))] : []),
  );
}

function file(artifact) {
  const meta = artifact.meta, whole = artifact.kind === "audio_render";
  const levels = [
    level(meta.integrated_lufs, "LUFS"), level(meta.true_peak_dbtp, "dBTP"),
    level(meta.loudness_range_lu, "LU range"), meta.duration_s ? length(meta.duration_s) : null,
    meta.sample_rate ? `${meta.sample_rate} Hz` : null, size(artifact.size),
  ];
  const item = make("li");
  const play = doing(async event => {
    const sound = make("audio", { controls: "", src: await soundOf(artifact), "aria-label": artifact.file });
    sound.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== sound) other.pause();
    });
    event.target.closest(".tools").before(sound);
    event.target.remove();
    sound.focus();
    await sound.play().catch(() => {});  // after a long wait only a click may start it
  });
  const save = doing(async () => {
    make("a", { href: await soundOf(artifact), download: artifact.file }).click();
  });
  item.append(
    make("div", { class: "line" }, make("bdi", { class: "name" }, artifact.file),
      make("span", { class: "soft" }, whole ? "master" : make("bdi", {}, artifact.bus_id))),
    make("p", { class: "soft" }, levels.filter(Boolean).join(" · ")),
    make("p", { class: "tools" },
      button("Play", play, { "aria-label": `Play ${artifact.file}` }),
      button("Download", save, { "aria-label": `Download ${artifact.file}` })));
  return item;
}

/** The address of a file; with a key, which an address cannot carry, that of a copy in this tab. */
async function soundOf(artifact) {
  if (!sessionStorage.getItem(KEY)) return artifact.links.content;
  if (!sounds.has(artifact.id)) {
    const copy = await (await call(artifact.links.content)).blob();
    sounds.set(artifact.id, URL.createObjectURL(copy));
  }
  return sounds.get(artifact.id);
}

function remarks(diagnostics, textarea = null) {
  return make("ul", { class: "remarks" }, diagnostics.map(d => {
    const place = d.line ? `${d.document}, line ${d.line}, column ${d.column}` : d.pointer ? `${d.document} at ${d.pointer}` : "";
    const isHere = textarea && d.line && d.document === "document";
    return make("li", { "data-severity": d.severity },
      make("code", {}, d.code), ` ${d.severity}: `, make("bdi", {}, d.message),
      d.help ? make("p", { class: "soft" }, d.help) : null,
      place ? make("p", { class: "soft" }, isHere ? button(place, () => mark(textarea, d.line), { class: "link" }) : place) : null);
  }));
}

/** Select a line of a document. */
function mark(textarea, number) {
  const lines = textarea.value.split("\n");
  const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  textarea.focus();
  textarea.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
}

// The report. With a key it is shown in a frame of another origin, to which it is sent, and after it
// the files that are to be played there.

async function openReport(job) {
  const hasKey = sessionStorage.getItem(KEY) !== null;
  const page = hasKey ? await (await call(job.links.report)).text() : null;
  const frame = make("iframe", { title: "Delivery report", src: hasKey ? "/viewer" : job.links.report });
  if (hasKey) frame.addEventListener("load", () => frame.contentWindow.postMessage(page, "*"), { once: true });
  reported = job;
  find("report").append(frame);
  find("report").showModal();
}
addEventListener("message", async event => {
  const frame = find("report").querySelector("iframe");
  if (event.source !== frame?.contentWindow) return;
  const url = String(event.data?.wanted);
  const wanted = reported.artifacts.find(a => a.links.content === a.links.self + url.slice(1));
  if (!wanted) return;
  const answer = await call(wanted.links.content).then(found => found.blob()).catch(error => error);
  const said = answer instanceof Blob ? { file: answer } : { error: answer.message };
  event.source.postMessage({ url, ...said }, "*");
});
find("report").addEventListener("close", () => find("report").querySelector("iframe")?.remove());
find("close-report").addEventListener("click", () => find("report").close());

// A new render.

find("begin").addEventListener("click", doing(async () => {
  find("found").replaceChildren();
  find("new").showModal();
  if (find("preset").length > 1) return;
  const { export: presets } = await read("/v1/presets");
  find("preset").replaceChildren(...presets.map(p => make("option", { selected: p.id === "default" }, p.id)));
}));
find("close-new").addEventListener("click", () => find("new").close());
find("file").addEventListener("change", async () => {
  const [given] = find("file").files;
  if (given) find("document").value = await given.text();
});

// Media: uploaded by their digests, which take the place of the files' names in the document.

const PART = 8 << 20, MOST_HASHED = 1 << 30;  // bytes; browsers compute digests in memory
const uploaded = new Map();  // name of a file -> how documents name it
let uploading = Promise.resolve();

function nameUploads() {
  let text = find("document").value;
  for (const [name, path] of uploaded) {
    const word = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const quoted = new RegExp(`(["'])(?:[^"'\\n]*/)?${word}(?=\\1)`, "g");
    const plain = new RegExp(`(^|[\\s[{,])(?:[^\\s"',[\\]{}]*/)?${word}(?=$|[\\s,\\]}])`, "gm");
    for (const used of [quoted, plain]) text = text.replace(used, (_, before) => before + path);
  }
  if (text !== find("document").value) find("document").value = text;
}

async function upload(file, onProgress) {
  if (!crypto.subtle) throw new Error("browsers upload over HTTPS, or to this machine, only");
  if (!file.size || file.size > MOST_HASHED) throw new Error("a file has 1 byte to 1 GB here; mixdown.client uploads larger ones");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const hex = [...digest].map(byte => byte.toString(16).padStart(2, "0")).join("");
  const path = `sha256:${hex}${file.name.toLowerCase().match(/\.(ya?ml|json|toml)$/)?.[0] ?? ""}`;
  const missing = error => { if (error.status !== 404) throw error; return { size: 0, complete: false }; };
  let there = await read(`/v1/media/${path}`).catch(missing);
  while (!there.complete) {
    const part = file.slice(there.size, there.size + PART);
    const range = `bytes ${there.size}-${there.size + part.size - 1}/${file.size}`;
    const headers = { "Content-Range": range, "Content-Type": "application/octet-stream" };
    there = await read(`/v1/media/${path}`, { method: "PUT", headers, body: part });
    onProgress(there.size / file.size);
  }
  return path;
}

async function addMedia(file, item) {
  const bar = make("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
  item.append(make("bdi", {}, file.name), bar);
  try {
    const path = await upload(file, done => { bar.value = done; });
    uploaded.set(file.name, path);
    bar.replaceWith(make("span", { class: "soft" }, " is uploaded as ", make("code", {}, path)));
    nameUploads();
  } catch (error) { bar.replaceWith(make("span", { class: "bad" }, ` ${error.message}`)); }
}
find("media").addEventListener("change", () => {
  for (const file of find("media").files) {
    const item = make("li");
    find("uploads").append(item);
    uploading = uploading.then(() => addMedia(file, item));
  }
});

find("new").querySelector("form").addEventListener("submit", async event => {
  event.preventDefault();
  const pressed = event.submitter, request = { preset: find("preset").value };
  if (find("stems").checked) request.stems = true;
  pressed.disabled = true;
  find("found").replaceChildren(make("p", { class: "soft" }, "Checking the document…"));
  await uploading;
  nameUploads();
  const body = JSON.stringify({ document: find("document").value, request });
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await read(`/v1/${pressed.value}`, { method: "POST", headers, body });
    if (pressed.value === "renders") {
      find("new").close();
      location.hash = answer.id;
      refreshIn(0);
    } else {
      find("found").replaceChildren(
        make("p", {}, `It can be rendered: ${length(answer.length_s)}, ${answer.tracks} tracks, ${answer.clips} clips.`),
        remarks(answer.diagnostics, find("document")));
    }
  } catch (error) {
    find("found").replaceChildren(make("p", { class: "bad" }, error.message),
      remarks(error.diagnostics ?? [], find("document")));
  }
  pressed.disabled = false;
});

// The key.

find("ask").querySelector("form").addEventListener("submit", () => {
  sessionStorage.setItem(KEY, find("key").value);
  find("key").value = "";
  showSecret();
  refreshIn(0);
});
find("secret").addEventListener("click", () => {
  if (!sessionStorage.getItem(KEY)) return askKey("");
  sessionStorage.removeItem(KEY);
  location.reload();
});

showSecret();
find("only").addEventListener("change", () => refreshIn(0));
addEventListener("hashchange", () => choose().catch(showError));
addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : refreshIn(0));
choose().catch(showError);
refreshIn(0);
})();
