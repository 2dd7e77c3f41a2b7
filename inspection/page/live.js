// A page that `mixdown inspect --open` serves: new when the mix is, with its errors above it.

import { find } from "./dom.js";

let version = null;

async function look() {
  let state;
  try {
    state = await (await fetch("/state", { cache: "no-store" })).json();
  } catch {
    state = { version, error: "mixdown inspect --open has ended; this page is no longer current" };
  }
  version ??= state.version;
  if (state.version !== version) location.reload();
  find("error").textContent = state.error;
  find("error").hidden = !state.error;
}

if (document.documentElement.dataset.live) {
  await look();
  setInterval(look, 1000);
}
