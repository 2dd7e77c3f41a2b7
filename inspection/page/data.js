// The data of the page: decoded once, with the look-ups that the views need.

const coded = atob(document.getElementById("data").textContent.trim());
const packed = Uint8Array.from(coded, character => character.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));

export const data = await new Response(stream).json();
export const rate = data.rate;
export const nodes = new Map(data.nodes.map(node => [node.name, node]));
export const clips = new Map(data.clips.map(clip => [clip.id, clip]));
export const sources = new Map(data.sources.map(source => [source.name, source]));
export const tracks = new Map(data.tracks.map(track => [track.id, track]));
export const buses = new Map(data.buses.map(bus => [bus.id, bus]));
export const ducks = new Map(data.ducks.map(duck => [duck.node, duck]));

// The nodes of each clip, track and bus, and of the master, in order.
export const owned = new Map();
// The users of each value: the node, and which of its operands the value is.
export const users = new Map();
for (const node of data.nodes) {
  const key = node.owner.level + ":" + node.owner.id;
  if (!owned.has(key)) owned.set(key, []);
  owned.get(key).push(node);
  const sound = node.operands.slice(0, node.operands.length - node.measures.length);
  sound.forEach((operand, index) => {
    if (!users.has(operand)) users.set(operand, []);
    users.get(operand).push({ node, start: node.starts[index] ?? 0 });
  });
}

// The clips of each track in start order; `reach` is the greatest end so far, for searching.
export const onTrack = new Map(data.tracks.map(track => [track.id, []]));
for (const clip of data.clips) onTrack.get(clip.track)?.push(clip);
for (const list of onTrack.values()) {
  list.sort((a, b) => a.start - b.start);
  let reach = 0;
  for (const clip of list) clip.reach = reach = Math.max(reach, clip.start + clip.length);
}

/** The clips of a track that overlap [from, to), found without looking at all of them. */
export function* overlapping(track, from, to) {
  const list = onTrack.get(track) ?? [];
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].reach <= from) low = middle + 1; else high = middle;
  }
  for (; low < list.length && list[low].start < to; low++) {
    if (list[low].start + list[low].length > from) yield list[low];
  }
}

/** The waveform of a source as bytes, decoded when it is first needed; null if there is none. */
export function peaksOf(source) {
  if (!source?.overview) return null;
  source.bytes ??= Uint8Array.from(atob(source.overview.peaks), c => c.charCodeAt(0));
  return source.bytes;
}

/** A sample of a source at the rate of the mix, in seconds of its file. */
export function fileSeconds(source, sample) {
  return Math.round(sample * source.ratio[0] / source.ratio[1]) / source.rate;
}

/** The value of a measured curve at the nearest of its times. */
export const nearest = (curve, seconds) => curve?.values[Math.round((seconds - curve.start_s) / curve.step_s)];

export function clock(at, digits = 3) {
  const unit = 10 ** digits, total = Math.round(at / rate * unit);
  const seconds = Math.floor(total / unit), two = n => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
  const head = hours ? hours + ":" + two(minutes) : String(minutes);
  const rest = digits ? "." + String(total % unit).padStart(digits, "0") : "";
  return head + ":" + two(seconds % 60) + rest;
}

export function span(samples) {
  const ms = 1000 * samples / rate;
  return ms < 1000 ? +ms.toFixed(3) + " ms" : +(ms / 1000).toFixed(3) + " s";
}
