"""The tables of fields agree with the models, and every number in them has a range."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from mixdown.compiler.arrangement.fields import ARRANGEMENT
from mixdown.compiler.arrangement.show import SHOW
from mixdown.compiler.timeline.structure import document_fields, field_types, optional

CASES = [(language, cls) for language in (ARRANGEMENT, SHOW) for cls in language.fields]
UNLIMITED = {"begin", "end", "value"}  # by what moves: the timeline checks them
VERSIONS = {"schema_version", "arrangement_version", "show_version"}


@pytest.mark.parametrize(("language", "cls"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_every_field_is_in_the_table(language, cls):
    names = {attribute.name for attribute in document_fields(cls)}
    assert set(language.fields[cls]) == names
    for name, spec in language.fields[cls].items():
        kind = field_types(cls)[name]
        is_number = (optional(kind) or kind) in (int, Decimal)
        assert (spec.range is not None) == (is_number and name not in UNLIMITED | VERSIONS), name


@pytest.mark.parametrize("language", [ARRANGEMENT, SHOW], ids=["arrangement", "show"])
def test_every_class_has_a_noun(language):
    assert {cls for cls in language.fields if attrs.has(cls)} == set(language.nouns)
