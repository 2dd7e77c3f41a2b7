"""Variables: where they are replaced, with which types, and what is refused at which place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import mixdown
import pytest
from mixdown.cli.app import run
from mixdown.compiler.load import loads
from mixdown.compiler.schemas import schema
from mixdown.compiler.timeline.model import Timeline
from mixdown.ir.diagnostics import MixdownError, TimelineError

TEXT = """\
vars: {title: Sea, n: 7, gain: -2.5, quiet: false, dir: media, start: 0:02, who: WHO}
id: ep-${n}
metadata: {title: "${title} $${n} costs $5 ${n}", quiet: "is ${quiet}, at ${gain}"}
sources: {"${n}": "${dir}/a.wav"}
tracks:
  - {id: a, role: fx, mute: "${quiet}", gain_db: "${gain}", clips: [CLIP]}
"""
CLIP = '{source: "${dir}/a.wav", start_ms: "${start}"}'


def loaded(text: str = TEXT, **variables: object) -> Timeline:
    text = text.replace("CLIP", CLIP).replace("WHO", "me")
    return loads(text, "x.yaml", variables=variables)


def test_values_have_the_types_of_their_variables():
    timeline = loaded()
    track = timeline.tracks[0]
    assert timeline.id == "ep-7"
    assert timeline.metadata == {"title": "Sea ${n} costs $5 7", "quiet": "is false, at -2.5"}
    assert (track.mute, track.gain_db) == (False, Decimal("-2.5"))
    assert (track.clips[0].source, track.clips[0].start_ms) == ("media/a.wav", 2000)
    assert "${n}" in timeline.sources  # keys are not touched


@pytest.mark.parametrize(
    ("given", "gain", "quiet"),
    [
        ({"gain": "-3", "quiet": "true"}, -3, True),
        ({"gain": 4, "quiet": True}, 4, True),
        ({"gain": 0.5}, Decimal("0.5"), False),
    ],
)
def test_given_values_replace_those_of_the_document(given, gain, quiet):
    track = loaded(**given).tracks[0]
    assert (track.gain_db, track.mute) == (gain, quiet)


@pytest.mark.parametrize(
    ("old", "new", "given", "line", "message"),
    [
        ("${title}", "${titel}", {}, 3, "MIX111 no variable is named 'titel'"),
        ("${title}", "${ti tle", {}, 3, "MIX111 this ${ begins no variable"),
        ("vars", "var", {}, None, "MIX111 no variable is named 'n'"),
        ("WHO", "null", {}, 1, "MIX111 the variable 'who' has no value"),
        ("WHO", "[1]", {}, 1, "MIX105 the variable 'who' must be text, a number, or true or false"),
        ("", "", {"gian": 1}, 1, "MIX111 the document has no variable 'gian'"),
        ("", "", {"gain": "loud"}, 1, "MIX105 the variable 'gain' is a number, not 'loud'"),
        ("", "", {"quiet": 1}, 1, "MIX105 the variable 'quiet' is true or false, not 1"),
        ("", "", {"start": "soon"}, 6, "MIX105 'start_ms' must be milliseconds or a clock time"),
        ("n: 7", "n: '${m}', m: 1", {}, 1, "MIX111 no variable is named 'm'"),
    ],
)
def test_what_is_wrong_has_a_place(old, new, given, line, message):
    with pytest.raises(TimelineError) as caught:
        loaded(TEXT.replace(old, new) if old else TEXT, **given)
    found = [d.to_dict(caught.value.documents) for d in caught.value.diagnostics]
    first = next(d for d in found if f"{d['code']} {d['message']}".startswith(message))
    assert line is None or first["line"] == line


def test_one_unknown_variable_is_one_error():
    with pytest.raises(TimelineError) as caught:
        loaded(TEXT.replace('gain_db: "${gain}', 'gain_db: "${gian}'))
    assert [d.code.value for d in caught.value.diagnostics] == ["MIX111"]


def test_variables_cannot_make_a_document_huge():
    """Each doubles the one before it; or one that is long is used often."""
    doubled = "\n".join(f"  v{n + 1}: '${{v{n}}}${{v{n}}}'" for n in range(40))
    often = "'" + "${v0}" * 20_000 + "'"
    for text in (f"vars:\n  v0: x\n{doubled}", f"vars: {{v0: {'x' * 1000}}}\nname: {often}"):
        with pytest.raises(TimelineError) as caught:
            loads(f"{text}\nid: x\n")
        assert "MIX108" in {d.code.value for d in caught.value.diagnostics}


def test_shows_and_arrangements_have_them_and_presets_do_not():
    show = "show_version: 1\nvars: {gap: 100}\nid: x\ngap_ms: ${gap}\nsegments: []\n"
    with pytest.raises(TimelineError) as caught:
        loads(show, variables={"gap": "-5"})
    assert "'gap_ms' is -5, a negative time" in str(caught.value)
    assert '"vars"' in schema("show")
    assert '"vars"' in schema("arrangement")
    assert '"vars"' not in schema("mix")


def test_on_the_command_line(tmp_path: Path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text("vars: {t: a}\nid: x\nlength_ms: 500\nmetadata: {title: '${t}'}\n")
    assert run(["arrange", "x.yaml", "--set", "t=b=c"]) == 0
    assert 'metadata: {title: "b=c"}' in capfd.readouterr().out
    assert run(["diff", "x.yaml", "x.yaml", "--set", "t=z"]) == 0
    assert run(["compile", "x.yaml", "--set", "t"]) == 2
    assert "'t' is not NAME=VALUE" in capfd.readouterr().err


def test_in_python(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("vars: {n: 1}\nid: x-${n}\nlength_ms: 500\n")
    assert mixdown.compile(path, variables={"n": 2}).timeline.id == "x-2"
    done = mixdown.render(path, out=tmp_path / "o", variables={"n": 3}, preset="draft")
    assert done.compilation.timeline.id == "x-3"
    with pytest.raises(MixdownError, match="loaded already"):
        mixdown.compile(mixdown.load(path), variables={"n": 2})
