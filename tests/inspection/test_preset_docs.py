"""docs/presets.md is what the preset files say now."""

from __future__ import annotations

from mixdown.inspection import preset_docs
from mixdown.presets.load import delivery_specs, export_presets, mix_presets


def test_the_page_is_up_to_date():
    stale = "docs/presets.md is stale; refresh it: python -m mixdown.inspection.preset_docs"
    assert preset_docs.PAGE.read_text(encoding="utf-8") == preset_docs.page(), stale


def test_every_preset_is_on_it():
    page = preset_docs.page()
    ids = [*export_presets(), *mix_presets(), *delivery_specs()]
    assert not [id for id in ids if f"| {id} |" not in page]
