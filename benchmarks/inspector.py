"""How large the inspector's page is, and how fast it draws: `python -m benchmarks.inspector`.

A mix of 3 hours with as many clips as the argument says (2,000), on four tracks with ducked music.
Debian's Chromium draws without a graphics card. A frame is what `paint` takes in lanes.js; from one
frame to the next is what the browser takes in all.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import soundfile
from mixdown.compiler.graph_input import open_mix
from mixdown.inspection.page.build import inspection, inspection_text
from mixdown.inspection.page.emit import page
from mixdown.inspection.trace import trace
from playwright.sync_api import sync_playwright

HOURS = 3
PANNED = """async ([from, span]) => {
  const between = [], lanes = document.getElementById("scroll");
  const frame = () => new Promise(requestAnimationFrame);
  location.hash = `t=0&view=${Math.round(from)},${Math.round(span)}`;
  await frame(); await frame();
  for (let k = 0; k < 120; k++) {
    const began = performance.now();
    lanes.dispatchEvent(new WheelEvent("wheel", { deltaX: 4, bubbles: true, cancelable: true }));
    await frame();
    between.push(performance.now() - began);
  }
  return [mixdownFrames.slice(-120), between];
}"""


def document(folder: Path, count: int) -> Path:
    """A timeline with this many clips, half of them speech, over `HOURS`."""
    noise = np.random.default_rng(1)
    for name in ("voice", "music"):
        soundfile.write(folder / f"{name}.wav", noise.normal(0, 0.1, 16000 * 20), 16000)
    tracks = [("host", "dialogue", "voice"), ("guest", "dialogue", "voice")]
    tracks += [("music", "music", "music"), ("fx", "fx", "music")]
    step = HOURS * 3_600_000 * len(tracks) // count
    mix = {
        "schema_version": 1,
        "id": "long",
        "mix_preset_id": "podcast_mix",
        "tracks": [
            {
                "id": name,
                "role": role,
                "clips": [
                    {
                        "id": f"{name[0]}{k}",
                        "source": f"{source}.wav",
                        "start_ms": k * step + number * step // len(tracks),
                        "duration_ms": min(step * 3 // 4, 15000),
                        "gain_db": k % 7 - 3,
                        "fade_in_ms": 20,
                        "fade_out_ms": 200,
                    }
                    for k in range(count // len(tracks))
                ],
            }
            for number, (name, role, source) in enumerate(tracks)
        ],
    }
    path = folder / "long.json"
    path.write_text(json.dumps(mix, indent=1))
    return path


def shown(values: list[float]) -> str:
    """The median and the 95th percentile."""
    high = sorted(values)[len(values) * 95 // 100]
    return f"{statistics.median(values):5.1f} ms, 95 %: {high:5.1f}"


def main(count: int) -> None:
    """Make the page, measure it, and print what was found."""
    with TemporaryDirectory() as name, sync_playwright() as driver:
        done = trace(open_mix(document(Path(name), count)))
        began = process_time()
        found = inspection(done)
        path = Path(name, "long.html")
        path.write_text(page(found))
        print(f"{count} clips, {HOURS} h, {len(found.nodes)} nodes: {process_time() - began:.1f} s")
        data = len(inspection_text(found).encode())
        print(f"page {path.stat().st_size / 1e6:.2f} MB, its data as JSON {data / 1e6:.1f} MB")
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        shows = browser.new_page(viewport={"width": 1280, "height": 900})
        shows.goto(path.as_uri())
        shows.wait_for_selector("html[data-ready]")
        print(f"open after {shows.evaluate('performance.now()'):.0f} ms")
        samples = found.samples
        for what, span in (("all", samples), ("10 min", 600 * found.rate), ("1 s", found.rate)):
            painted, between = shows.evaluate(PANNED, [samples // 3 if span < samples else 0, span])
            print(f"{what:>7}: {shown(painted)}; from frame to frame {shown(between)}")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
