"""Writes docs/presets.md from the preset files: `python -m mixdown.inspection.preset_docs`."""

from __future__ import annotations

from pathlib import Path

from ..presets.load import delivery_specs, export_presets, mix_presets
from .preset_tables import Table, bus_table, export_table, spec_table

PAGE = Path(__file__).parent.parent / "docs" / "presets.md"

_INTRO = """\
# Presets

<!-- made by `python -m mixdown.inspection.preset_docs`; do not edit -->

Presets are TOML files in `presets/`; the comments there say why each value is what it is. `mixdown
presets [export|bus|spec] [ID]` shows what is installed, `--json` as data.

## Export presets

How a mix is delivered: `mixdown render --preset ID`. `--format`, `--bit-depth` and `--bit-rate`
change the file, and nothing else. Under "lossy" stand the bit rates of stereo files, kbit/s, for
those who ask for such a format ([formats.md](formats.md)); mono takes half.

"""

_MIX = """
## Mix presets

Which bus takes which roles, and what it does before the master: `mixdown render --mix ID`, or
`mix_preset_id` in the timeline. Buses are summed, and stems delivered, in this order, always.

- A track's own `bus` wins over its role. A role that no bus takes is an error (MIX301).
- A timeline's `buses` change a bus by its id, or add one of their own; a role that they give to a
  bus leaves the one that had it. `duck: {by: []}` switches ducking off.
- Ducking reads: how far, for which roles, and attack/hold/release. The rule is in
  [semantics.md](semantics.md#ducking).

"""

_SPEC = """
## Delivery specs

What receivers ask of the files that they are sent. What they leave open is empty.

"""

_OWN = """
## Presets of your own

A directory with `export.toml`, `mix.toml` or `spec.toml`, in the form of those in `presets/`, is
added by `--presets DIR` (more than once, if you like), in Python by `presets=[...]`. A Python
package that holds such files is found once it is installed, through an entry point of the group
`mixdown.presets`:

```toml
[project.entry-points."mixdown.presets"]
studio = "studio_presets"
```

Presets are merged by id. Two of one id must be equal; where they differ, that is an error (MIX306)
which names both places. A file that is no TOML, or holds an unknown key or a value that makes no
sense, is MIX305, with its line; all of them are reported at once. No bus is called `master`.
`mixdown schema export` prints the JSON Schema of `export.toml` ([here](export.schema.json)), which
says what each key is for; `mix` ([here](mix.schema.json)) and `spec` ([here](spec.schema.json)) are
those of the other two.

```toml
# file: house/export.toml
[house]
title = "House"
use = "What our player wants."
lufs = -18.0
ceiling_db = -2.0
headroom_db = 3.0
dither = "tpdf"
container = "flac"
encoding = "s16"
```

```console
$ mixdown presets export house --presets house
export preset   use ...
house           What our player wants. ...
$ mixdown compile examples/podcast/podcast.yaml --presets house --preset house
plan ffmpeg ...
```
"""


def page() -> str:
    """The page's text."""
    export = _markdown(export_table(export_presets().values()))
    mix = _markdown(bus_table(mix_presets().values()))
    specs = _markdown(spec_table(delivery_specs().values()))
    sources = "".join(f"\n- {spec.title}: {spec.source}" for spec in delivery_specs().values())
    return f"{_INTRO}{export}{_MIX}{mix}{_SPEC}{specs}{sources}\n{_OWN}"


def _markdown(table: Table) -> str:
    columns, rows, numbers = table
    rule = ["---"] * (len(columns) - numbers) + ["---:"] * numbers
    lines = (columns, tuple(rule), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
