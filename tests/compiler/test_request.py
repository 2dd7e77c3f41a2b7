"""RenderRequest: everything that cannot be met is said at once; what can is what comes out."""

from __future__ import annotations

from pathlib import Path

import mixdown
import pytest
import soundfile
from attrs import evolve
from mixdown.compiler.facts import Facts, FinishFacts, read_facts
from mixdown.compiler.request import RenderRequest
from mixdown.ir.diagnostics import TimelineError


@pytest.fixture
def tone(tmp_path: Path) -> mixdown.Timeline:
    soundfile.write(tmp_path / "a.wav", [0.1, -0.1] * 4000, 8000)
    timeline = mixdown.Timeline(id="a", root=tmp_path, sample_rate=8000)
    return timeline.track("a", role="music").clip("a.wav")


def refused(**fields: object) -> list[tuple[str, str, str]]:
    with pytest.raises(TimelineError) as caught:
        RenderRequest(**fields)
    return [(d.code.value, d.message, d.help or "") for d in caught.value.diagnostics]


def test_everything_wrong_is_said_at_once_with_what_is_known():
    found = refused(
        export_preset="podcst",
        mix_preset_id="flatt",
        backend="ffmpg",
        stem_mode="master",
        format="wave",
        bit_depth="32",
        sample_rate=1,
        channels=3,
        stems=7,
    )
    codes = ["MIX303", "MIX304", "MIX501", *["MIX307"] * 6]
    assert [code for code, _, _ in found] == codes
    helps = [help for _, _, help in found]
    for known, help in zip(
        ("podcast", "flat", "ffmpeg", "mastered", "wav", "32f"), helps, strict=False
    ):
        assert f"did you mean {known!r}" in help
    assert all(help for help in helps)


@pytest.mark.parametrize("depth", ["32f", "64f"])
def test_flac_holds_no_floats(depth):
    ((code, message, help),) = refused(format="flac", bit_depth=depth)
    assert (code, message) == ("MIX307", f"flac does not hold {depth} bits a sample")
    assert "16, 24" in help


@pytest.mark.parametrize("name", ["preset", "stem_mode", "format", "bit_depth", "backend"])
def test_no_call_raises_anything_but_diagnostics(tone, name):
    for call in (mixdown.compile, lambda t, **c: mixdown.render(t, out="nowhere", **c)):
        with pytest.raises(mixdown.MixdownError):
            call(tone, **{name: "nonsense"})


@pytest.mark.parametrize("backend", ["ffmpeg", "native"])
@pytest.mark.parametrize(
    ("choices", "subtype"),
    [
        ({"bit_depth": 16}, "PCM_16"),
        ({"bit_depth": "24"}, "PCM_24"),
        ({"bit_depth": "32f"}, "FLOAT"),
        ({"bit_depth": "64f"}, "DOUBLE"),
        ({"format": "flac"}, "PCM_16"),
        ({"format": "flac", "bit_depth": "24"}, "PCM_24"),
    ],
)
def test_the_file_is_what_was_asked_for(tone, tmp_path, backend, choices, subtype):
    result = mixdown.render(tone, out=tmp_path / "out", preset="draft", backend=backend, **choices)
    info = soundfile.info(result.master.path)
    assert info.format.lower().startswith(choices.get("format", "wav"))  # or its extensible kind
    assert info.subtype == subtype
    assert result.master.path.suffix == f".{choices.get('format', 'wav')}"


def test_rate_and_channels_win_over_the_timelines(tone, tmp_path):
    choices = {"preset": "draft", "backend": "native", "sample_rate": 16000, "channels": 1}
    result = mixdown.render(tone, out=tmp_path / "out", profile="phone", **choices)
    info = soundfile.info(result.master.path)
    assert (info.samplerate, info.channels, info.frames) == (16000, 1, 16000)
    assert result.master.meta["render_profile"] == "phone"
    with pytest.raises(TimelineError, match="MIX210"):
        mixdown.compile(evolve(tone, tracks=(evolve(tone.tracks[0], pan=1),)), channels=1)


def test_the_timelines_own_mix_preset_is_checked_too(tone):
    with pytest.raises(TimelineError, match="MIX304"):
        mixdown.compile(evolve(tone, mix_preset_id="nonsense"))


def test_the_digest_covers_choices_and_no_measurements(tmp_path):
    plain = RenderRequest()
    facts = Facts({"x": FinishFacts(integrated_lufs=-20.0, gain_db=4.0)})
    assert RenderRequest(facts=facts).digest == plain.digest
    assert RenderRequest(stems=["b", "a"]).digest == RenderRequest(stems=("a", "b", "a")).digest
    others = [
        RenderRequest(export_preset="podcast"),
        RenderRequest(mix_preset_id="flat"),
        RenderRequest(stems=True),
        RenderRequest(stem_mode="mastered"),
        RenderRequest(silent_stems=True),
        RenderRequest(backend="native"),
        RenderRequest(format="flac"),
        RenderRequest(bit_depth="16"),
        RenderRequest(sample_rate=44100),
        RenderRequest(channels=1),
        RenderRequest(render_profile="x"),
    ]
    assert len({plain.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_facts_survive_a_file(tmp_path):
    facts = Facts({"x": FinishFacts(integrated_lufs=None, gain_db=4.5, margin_db=0.1)})
    (tmp_path / "facts.json").write_text(facts.to_json())
    assert read_facts(tmp_path / "facts.json") == facts


def test_a_manifest_holds_the_facts_of_its_finish(tmp_path):
    path = tmp_path / "manifest.json"
    reached = '{"key": "ffmpeg:1", "integrated_lufs": -20, "gain_db": 4.5, "margin_db": 0.1}'
    path.write_text(f'{{"schema_version": 1, "finish": {reached}, "artifacts": []}}')
    measured = FinishFacts(integrated_lufs=-20, gain_db=4.5, margin_db=0.1)
    assert read_facts(path) == Facts({"ffmpeg:1": measured})
    path.write_text('{"schema_version": 1, "finish": null, "artifacts": []}')
    assert read_facts(path) == Facts()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"finishes": []}', '{"finishes": {"x": 1}}', "\xff"]
    + [
        f'{{"finishes": {{"x": {{"integrated_lufs": -9, "gain_db": {v}}}}}}}'
        for v in ('"a"', "NaN", "1e9")
    ],
)
def test_what_is_no_facts_file(tmp_path, text):
    (tmp_path / "facts.json").write_bytes(text.encode("latin-1"))
    for path in (tmp_path / "facts.json", tmp_path / "nowhere.json"):
        with pytest.raises(TimelineError, match="MIX307"):
            read_facts(path)
