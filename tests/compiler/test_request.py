"""RenderRequest: all errors are reported at once, and a valid request is met."""

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


def test_all_errors_are_reported_at_once_with_the_known_names():
    found = refused(
        export_preset="podcst",
        mix_preset_id="flatt",
        backend="ffmpg",
        format="wave",
        bit_depth="32",
        bit_rate=0,
        sample_rate=1,
        channels=3,
    )
    codes = ["MIX303", "MIX304", "MIX501", "MIX307", "MIX307", *["MIX206"] * 3]
    assert [code for code, _, _ in found] == codes
    helps = [help for _, _, help in found]
    for known, help in zip(("podcast", "flat", "ffmpeg", "wav", "32f"), helps, strict=False):
        assert f"did you mean {known!r}" in help
    assert all(help for help in helps)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"export_preset": 3}, "'export_preset' must be text, not a number"),
        ({"mix_preset_id": ["flat"]}, "'mix_preset_id' must be text, not a list"),
        ({"stems": 7}, "'stems' must be true or false or a list, not a number"),
        ({"stems": ["bus_music", 7]}, "an item of 'stems' must be text, not a number"),
        ({"stem_mode": 7}, "'stem_mode' must be text, not a number"),
        ({"stem_mode": "master"}, "'stem_mode' cannot be 'master'"),
        ({"bit_depth": 1.5}, "'bit_depth' must be text, not a number"),
        ({"bit_rate": "128k"}, "'bit_rate' must be a whole number, not text"),
        ({"sample_rate": True}, "'sample_rate' must be a whole number, not true or false"),
        ({"channels": 2.0}, "'channels' must be a whole number, not a number"),
        ({"broadcast": "yes"}, "'broadcast' must be true or false, not text"),
        ({"facts": 7}, "'facts' must be of type Facts, not a number"),
        ({"presets": 7}, "'presets' must be a list, not a number"),
        ({"presets": [7]}, "an item of 'presets' must be text, not a number"),
    ],
    ids=str,
)
def test_values_of_wrong_types_are_errors_of_mixdown(fields, says):
    ((code, message, _),) = refused(**fields)
    assert (code, message) == ("MIX105", says)


def test_paths_and_names_may_be_single_texts(tmp_path):
    (tmp_path / "mix.toml").write_text("")
    request = RenderRequest(presets=str(tmp_path), stems="bus_music")
    assert request == RenderRequest(presets=[tmp_path], stems=["bus_music"])


@pytest.mark.parametrize("depth", ["32f", "64f"])
def test_flac_holds_no_floats(depth):
    ((code, message, help),) = refused(format="flac", bit_depth=depth)
    assert (code, message) == ("MIX307", f"flac does not support {depth} bits per sample")
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
    assert result.master.meta.render_profile == "phone"
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
        RenderRequest(format="mp3", bit_rate=64),
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
        for v in ('"a"', "NaN", "1e9", "true")
    ]
    + ['{"finish": {"key": 0, "integrated_lufs": -9, "gain_db": 1}}'],
)
def test_a_file_without_facts_is_an_error(tmp_path, text):
    (tmp_path / "facts.json").write_bytes(text.encode("latin-1"))
    for path in (tmp_path / "facts.json", tmp_path / "nowhere.json"):
        with pytest.raises(TimelineError, match="MIX307"):
            read_facts(path)


@pytest.mark.parametrize(
    ("fields", "said", "helped"),
    [
        ({"format": "mp3", "bit_depth": "16"}, "mp3 has no bit depth", "choose a bit rate"),
        (
            {"format": "wav", "bit_rate": 128},
            "wav has no bit rate to choose",
            "m4b, mp4, opus",
        ),
        ({"bit_rate": 128}, "wav has no bit rate to choose", "m4b, mp4, opus"),
        ({"format": "aac"}, "'format' cannot be 'aac'", "m4a"),
    ],
)
def test_choices_that_a_format_does_not_have(fields, said, helped):
    ((code, message, help),) = refused(**fields)
    assert (code, message) == ("MIX307", said)
    assert helped in help


@pytest.mark.parametrize(
    ("form", "rate", "bit_rate", "said"),
    [
        ("mp3", 48000, 100, "mp3 in stereo at 48000 Hz has no 100 kbit/s"),
        ("mp3", 22050, 320, "mp3 in stereo at 22050 Hz has no 320 kbit/s"),
        ("opus", 44100, 600, "opus in stereo at 48000 Hz has no 600 kbit/s"),
    ],
)
def test_a_bit_rate_that_the_format_does_not_have(tone, form, rate, bit_rate, said):
    with pytest.raises(TimelineError) as caught:
        mixdown.compile(tone, format=form, sample_rate=rate, bit_rate=bit_rate)
    (found,) = caught.value.diagnostics
    assert found.message == said
    assert "kbit/s" in (found.help or "")


@pytest.mark.parametrize(
    ("choices", "stored"),
    [
        ({"format": "mp3"}, ("mp3", 192)),
        ({"format": "mp3", "preset": "podcast"}, ("mp3", 128)),
        ({"format": "mp3", "preset": "podcast", "channels": 1}, ("mp3", 64)),
        ({"format": "mp3", "preset": "music", "sample_rate": 22050}, ("mp3", 160)),
        ({"format": "mp3", "bit_rate": 40, "channels": 1}, ("mp3", 40)),
        ({"format": "ogg", "preset": "music", "sample_rate": 8000}, ("vorbis", 84)),
        ({"format": "flac"}, ("s24", None)),
        ({"format": "flac", "preset": "podcast"}, ("s16", None)),
        ({"preset": "phone"}, ("opus", 24)),
        ({"preset": "phone", "format": "wav"}, ("s24", None)),
        ({"preset": "phone", "format": "wav", "bit_depth": 16}, ("s16", None)),
    ],
)
def test_where_a_bit_rate_comes_from(tone, tmp_path, choices, stored):
    (tmp_path / "export.toml").write_text(
        '[phone]\ntitle = "P"\nuse = "U"\nceiling_db = -1\nheadroom_db = 3\ndither = "none"\n'
        'container = "opus"\nencoding = "opus"\n[phone.formats.opus]\nbit_rate = 24\n'
    )
    made = {"sample_rate": 48000, "presets": [tmp_path], **choices}
    meta = mixdown.compile(tone, **made).meta["master"]
    assert (meta.encoding, meta.bit_rate) == stored
