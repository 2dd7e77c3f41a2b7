"""Lint: what sounds wrong is found with its fix, and clean mixes cause no warnings."""

from __future__ import annotations

import re

import mixdown
import numpy as np
import pytest
import soundfile
from mixdown.compiler.edits.lint import lint
from mixdown.compiler.load import load
from mixdown.compiler.request import RenderRequest
from mixdown.ir.diagnostics import MixdownError
from mixdown.ir.nodes import Filter
from speech import RATE, noisy, talk

pytestmark = pytest.mark.requires("espeak")


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """Clean speech, and speech with each of the faults of sources."""
    folder = tmp_path_factory.mktemp("lint")
    speech = 0.8 * noisy(talk(seconds=25, seed=1), 45)
    other = 0.8 * noisy(talk(seconds=25, voice="en-us+f3", seed=2), 45)
    phase = 2 * np.pi * 50.1 / RATE * np.arange(len(speech))
    hum = sum(np.sin(phase * n + n) for n in range(1, 9))
    tone = 0.1 * np.sin(0.1 * np.arange(60 * RATE))
    noise = np.random.default_rng(3).standard_normal(len(speech))
    files = {
        "host": speech,
        "guest": other,
        "soft": 0.5 * other,
        "left": np.stack([speech, 0 * speech], axis=1),
        "faint": np.stack([0.01 * speech, speech], axis=1),
        "inverted": np.stack([speech, -speech], axis=1),
        "stereo": np.stack([speech, 0.7 * speech], axis=1),
        "clipped": np.clip(5 * speech, -1, 1),
        "offset": 0.7 * speech + 0.02,
        "hum": speech + 0.0008 * hum,
        "noisy": speech + 0.006 * noise,
        "bed": np.stack([tone, 0.8 * tone], axis=1),
    }
    for name, samples in files.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE, subtype="PCM_24")
    return folder


def found(media, tracks, preset="flat", sources=""):
    path = media / "mix.yaml"
    path.write_text(f"id: mix\nmix_preset_id: {preset}\n{sources}tracks:\n{tracks}")
    _, diagnostics = lint(load(path), RenderRequest())
    return [(d.code.value, d.message, d.help) for d in diagnostics]


def voice(name, start=0, more="", id=None):
    clip = f"{{source: {name}.wav, start_ms: {start}{more}}}"
    return f"  - {{id: {id or name}, role: dialogue, clips: [{clip}]}}\n"


def bed(gain):
    return f"  - {{id: bed, role: music, gain_db: {gain}, clips: [{{source: bed.wav}}]}}\n"


CLEAN = {
    "one voice": voice("host"),
    "two voices after one another": voice("host") + voice("guest", 30000),
    "a bed at a distance": voice("host") + bed(-16),
    "stereo": voice("stereo"),
    "a bed 12 LU below": voice("host") + bed(-13),
    "a short voice that is softer": voice("host") + voice("soft", 30000, ", duration_ms: 4000"),
}


@pytest.mark.parametrize("tracks", CLEAN.values(), ids=CLEAN)
def test_clean_mixes_have_no_warnings(tracks, media):
    assert found(media, tracks) == []


FAULTS = {
    "apart": (
        voice("host") + voice("soft", 30000),
        "MIX250",
        "LU louder than soft",
        "level: {to: -20}",
    ),
    "overlap": (voice("host") + voice("guest", 5000), "MIX251", "at the same time from", "later"),
    "close": (voice("host") + bed(0), "MIX252", "bed is only", "below: {role: dialogue, lu: 16}"),
    "far": (voice("host") + bed(-44), "MIX253", "hardly audible", "role: dialogue, lu: 16}"),
    "left": (voice("left"), "MIX254", "the right channel", "channels: left"),
    "faint": (voice("faint"), "MIX254", "the left channel", "channels: right"),
    "inverted": (voice("inverted"), "MIX255", "cancel in mono", "channels: left"),
    "clipped": (voice("clipped"), "MIX256", "is clipped", "a take"),
    "offset": (voice("offset"), "MIX257", "2.0 %", "eq: [{kind: highpass, frequency_hz: 20}]"),
    "hum": (voice("hum"), "MIX249", "hums at 50 Hz", "eq: [{kind: hum, frequency_hz: 50}]"),
    "noise": (voice("noisy"), "MIX258", "LUFS", "eq: [{kind: highpass, frequency_hz: 80}]"),
    "boost": (voice("host", 0, ", gain_db: 14"), "MIX259", "14.0 dB", "max_gain_db: 12"),
}


@pytest.mark.parametrize(("tracks", "code", "message", "help"), FAULTS.values(), ids=FAULTS)
def test_faults_are_found_with_their_fix(tracks, code, message, help, media):
    ((found_code, text, fix),) = found(media, tracks)
    assert found_code == code
    assert message in text
    assert help in fix


def test_fixes_can_be_pasted(media):
    """The mix with the fix of each warning has no warning any more."""
    level = "level: {to: -20}, "
    apart = (voice("host") + voice("soft", 30000)).replace("clips:", f"{level}clips:")
    assert found(media, apart) == []
    below = "level: {below: {role: dialogue, lu: 16}}, "
    assert found(media, voice("host") + bed(0).replace("clips:", f"{below}clips:")) == []
    entry = "sources: {left.wav: {path: left.wav, channels: left}}\n"
    assert found(media, voice("left"), sources=entry) == []


@pytest.mark.parametrize(
    ("name", "kind"), [("hum", "hum, frequency_hz: 50"), ("offset", "highpass, frequency_hz: 20")]
)
def test_a_filter_mends_a_source(name, kind, media):
    assert found(media, voice(name, 0, f", eq: [{{kind: {kind}}}]")) == []


def test_hum_is_filtered_at_its_harmonics(media):
    path = media / "mix.yaml"
    clip = voice("hum", 0, ", eq: [{kind: hum, frequency_hz: 50, q: 10, harmonics: 3}]")
    path.write_text(f"id: mix\nmix_preset_id: flat\ntracks:\n{clip}")
    graph = mixdown.compile(path).graph
    notches = [node for node in graph if isinstance(node, Filter)]
    assert [(n.frequency_hz, n.q, n.gain_db) for n in notches] == [
        (50.0, 10.0, -30.0),
        (100.0, 20.0, -30.0),
        (150.0, 30.0, -30.0),
    ]


def test_ducking_counts(media):
    close = voice("host") + bed(0)
    duck = "buses: [{id: bus_music, duck: {by: [dialogue], gain_db: -18}}]\n"
    assert found(media, close, sources=duck) == []
    assert found(media, close, preset="podcast_leveled") == []


def test_warnings_of_levels_come_first(media):
    tracks = voice("soft", 0, ", level: {to: -10, max_gain_db: 3}")
    assert [code for code, *_ in found(media, tracks)][:1] == ["MIX233"]


def test_the_command(media, capfd):
    from mixdown.cli.app import run

    path = media / "mix.yaml"
    path.write_text("id: mix\nmix_preset_id: flat\ntracks:\n" + voice("inverted"))
    assert run(["lint", str(path)]) == 1
    out, err = capfd.readouterr()
    assert re.search(r"warning\[MIX255\].*\n +--> .*mix.yaml:4:", err)
    assert out.endswith("mix.yaml: 1 warning\n")
    assert run(["lint", str(path), "--json"]) == 1
    path.write_text("id: mix\nmix_preset_id: flat\ntracks:\n" + voice("host"))
    capfd.readouterr()
    assert run(["lint", str(path)]) == 0
    assert capfd.readouterr().out.endswith("mix.yaml: nothing to say\n")
    accepted = voice("host", 0, ", accept: {dropout: a breath}")
    path.write_text(f"id: mix\nmix_preset_id: flat\ntracks:\n{accepted}")
    assert run(["lint", str(path)]) == 0
    assert re.search(
        r"note\[MIX609\]: a dropout in .* is accepted: a breath", capfd.readouterr().err
    )


def test_a_graph_is_refused(media, tmp_path, capfd):
    from mixdown.cli.app import run

    path = media / "mix.yaml"
    path.write_text("id: mix\nmix_preset_id: flat\ntracks:\n" + voice("host"))
    run(["inspect", str(path), "-o", str(media / "mix.mir")])
    with pytest.raises(MixdownError, match="cannot be linted"):
        from mixdown.compiler.graph_input import open_mix

        lint(open_mix(media / "mix.mir"), RenderRequest())


def test_a_source_that_plays_outside_the_delivered_range_is_not_judged(media):
    path = media / "range.yaml"
    tracks = voice("host") + voice("offset", start=30_000)
    path.write_text(f"id: mix\nmix_preset_id: flat\ntracks:\n{tracks}")
    assert lint(load(path), RenderRequest())[1]
    assert not lint(load(path), RenderRequest(to_ms=20_000))[1]
