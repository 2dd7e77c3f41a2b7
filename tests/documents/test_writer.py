"""load -> dump -> load is the identity, and dump is one text per timeline."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from mixdown.compiler.load import load, loads
from mixdown.compiler.timeline.model import Timeline
from mixdown.compiler.timeline.validate import validate
from mixdown.documents.writer import dump, write_file
from mixdown.ir.diagnostics import RenderError
from strategies import timelines

SOME = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(timelines())
def test_drawn_timelines_are_valid_and_survive_both_formats(timeline):
    assert validate(timeline) == ()
    for format in ("yaml", "json"):
        text = dump(timeline, format)
        again = loads(text, format=format, allow_outside=True)
        assert again == timeline
        assert dump(again, format) == text


@pytest.mark.parametrize("format", ["yaml", "json"])
@pytest.mark.parametrize(
    "name",
    ["a" * 2000, "no", "012", "- x", "a: b", "x #y", "é\u2028\x85\x7f\ufeff", "\t\r\n", "<<", "😀"],
)
def test_names_survive_as_keys_and_values(name, format):
    timeline = Timeline(id=name, sources={name: "x.wav"}, metadata={"t": name})
    timeline = timeline.track(name, role="fx", tags=[name]).clip(name)
    assert loads(dump(timeline, format), format=format) == timeline


def test_numbers_are_plain_decimals():
    timeline = Timeline(id="x", length_ms=Decimal("1E+6")).track("a", role="fx", gain_db=0.1)
    text = dump(timeline.clip("a.wav", start_ms=Decimal("33.333333333333333333333333333333")))
    assert "length_ms: 1000000\n" in text
    assert "gain_db: 0.1\n" in text
    assert "start_ms: 33.333333333333333333333333333333\n" in text


def test_equal_timelines_are_one_text():
    def made(*gains):
        timeline = Timeline(id="x")
        for n, gain in enumerate(gains):
            timeline = timeline.track(str(n), role="fx", gain_db=Decimal(gain))
        return timeline

    one, other = made("1.5", "-0", "10"), made("1.50", "0.00", "1E1")
    assert one == other
    assert dump(one) == dump(other)


def test_yaml_is_laid_out_for_people():
    timeline = (
        Timeline(id="intro", sources={"bed": "bed.ogg"})
        .marker(0, "Start")
        .track("music", role="music", automation={"gain": [(0, 0), (500, -6, "smooth")]})
        .clip("bed", id="a", fade_in_ms=50)
    )
    assert dump(timeline) == (
        "schema_version: 1\n"
        "id: intro\n"
        "sources: {bed: bed.ogg}\n"
        "markers: [{at_ms: 0, label: Start}]\n"
        "tracks:\n"
        "  - id: music\n"
        "    role: music\n"
        "    automation: {gain: [{at_ms: 0, value: 0}, {at_ms: 500, value: -6, curve: smooth}]}\n"
        "    clips:\n"
        "      - id: a\n"
        "        source: bed\n"
        "        fade_in_ms: 50\n"
    )


# Files.


@pytest.mark.parametrize("name", ["mix.yaml", "mix.json"])
def test_a_timeline_is_written_in_the_format_of_its_name(name, tmp_path):
    timeline = Timeline(id="x").track("a", role="fx").clip("a.wav", start_ms=Decimal("1.50"))
    timeline.dump(tmp_path / name)
    assert load(tmp_path / name) == timeline
    assert (tmp_path / name).read_text("utf-8") == dump(timeline, name[-4:])


def test_a_text_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "plan.txt"
    write_file(path, "one\ntwo\n")
    assert path.read_bytes() == b"one\ntwo\n"
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
    with pytest.raises(RenderError, match=r"MIX604.*Is a directory"):
        write_file(tmp_path, "x")
    with pytest.raises(RenderError, match=r"MIX604.*No such file"):
        write_file(tmp_path / "missing/plan.txt", "x")
    assert [file.name for file in tmp_path.iterdir()] == ["plan.txt"]


def test_a_device_is_written_to_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()
