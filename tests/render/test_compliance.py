"""Files are held against specs rule by rule, and every failure says what mends it."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from mixdown.audio.meter.survey import Survey, survey
from mixdown.presets.load import library
from mixdown.presets.model import DeliverySpec
from mixdown.render.compliance import RULES, check_spec

RATE = 48_000


def tone(level_db: float, seconds: float = 4.0, rate: int = RATE, channels: int = 2) -> Survey:
    """A 997 Hz sine: in stereo, by BS.1770, its LUFS is its level in dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * 997 * time)
    return survey([np.tile(wave, (channels, 1))], rate, channels)


def levelled(**levels: float) -> Survey:
    """A tone of which something else was measured."""
    found = tone(-16.0)
    return evolve(found, levels=evolve(found.levels, **levels))


def fixes(found: Survey, spec: DeliverySpec) -> dict[str, str | None]:
    return {check.rule: check.fix for check in check_spec(found, spec).checks}


def test_a_file_that_keeps_every_rule():
    kept = check_spec(tone(-16.0), library().specs["apple-podcasts"])
    assert kept.passed
    assert [(check.rule, check.measured, check.low, check.high) for check in kept.checks] == [
        ("integrated", pytest.approx(-16.0, abs=0.02), -17.0, -15.0),
        ("true_peak", pytest.approx(-16.0, abs=0.02), None, -1.0),
        ("channels", 2.0, 2.0, 2.0),
    ]


@pytest.mark.parametrize(
    ("spec", "rules"),
    [
        ("apple-podcasts", ["integrated", "true_peak", "channels"]),
        ("spotify", ["integrated", "true_peak"]),
        (
            "acx",
            [
                *("sample_peak", "rms", "noise_floor", "head", "tail", "room_tone"),
                *("bit_rate", "constant_bit_rate", "sample_rate"),
            ],
        ),
        ("ebu-r128-s1", ["integrated", "short_term_max", "true_peak"]),
    ],
)
def test_the_rules_of_a_spec_are_those_that_it_has(spec, rules):
    assert [check.rule for check in check_spec(tone(-20.0), library().specs[spec]).checks] == rules


def test_every_field_of_a_spec_is_some_rule_s():
    """A field that no rule reads would be a promise that nobody keeps."""
    whole = DeliverySpec(
        id="all",
        title="All",
        use="",
        source="",
        lufs=-16.0,
        lufs_tolerance=1.0,
        true_peak_max_dbtp=-1.0,
        sample_peak_max_dbfs=-1.0,
        short_term_max_lufs=-10.0,
        rms_min_dbfs=-30.0,
        rms_max_dbfs=-10.0,
        noise_floor_max_dbfs=-60.0,
        head_min_s=0.5,
        tail_max_s=5.0,
        room_tone_min_dbfs=-100.0,
        bit_rate_min=192,
        constant_bit_rate=True,
        sample_rate=48_000,
        channels=2,
    )
    assert [check.rule for check in check_spec(tone(-16.0), whole).checks] == [
        rule.name for rule in RULES
    ]


@pytest.mark.parametrize(
    ("found", "spec", "rule", "fix"),
    [
        (
            tone(-17.8),
            "apple-podcasts",
            "integrated",
            "turn it up by 1.8 dB: mixdown render --preset podcast",
        ),
        (
            tone(-12.0),
            "spotify",
            "integrated",
            "turn it down by 2.0 dB: mixdown render --preset music",
        ),
        (tone(-25.0), "ebu-r128", "integrated", "turn it up by 2.0 dB"),
        (
            levelled(integrated=-20.0, true_peak_dbtp=-3.0),
            "apple-podcasts",
            "integrated",
            "turn it up by 4.0 dB and limit the peaks, which would exceed -1 dB by 2.0: "
            "mixdown render --preset podcast",
        ),
        (
            levelled(true_peak_dbtp=-0.42),
            "atsc-a85",
            "true_peak",
            "turn it down by 1.6 dB, or limit its peaks (the highest: 0:0",
        ),
        (
            levelled(short_term_max=-16.0),
            "ebu-r128-s1",
            "short_term_max",
            "turn the loudest 3 s down by 2.0 dB; they begin at 0:0",
        ),
        (tone(-27.0, rate=44_100), "acx", "rms", "turn it up by 9.5 dB"),
        (tone(-20.0, rate=44_100), "acx", "noise_floor", "lower the noise in the pauses by 37.0"),
        (tone(-20.0), "acx", "sample_rate", "resample it: mixdown render --sample-rate 44100"),
        (
            tone(-16.0, channels=1),
            "apple-podcasts",
            "channels",
            "deliver it in stereo: mixdown render --channels 2",
        ),
    ],
)
def test_what_is_wrong_comes_with_its_fix(found, spec, rule, fix):
    kept = check_spec(found, library().specs[spec])
    assert not kept.passed
    said = fixes(found, library().specs[spec])[rule]
    assert said is not None and said.startswith(fix)


@pytest.mark.parametrize(
    ("true_peak", "passed"), [(-1.0, True), (-0.996, True), (-0.994, False), (-1.004, True)]
)
def test_levels_are_judged_as_they_are_shown(true_peak, passed):
    """To a hundredth: a reading of -1.00 is not over -1."""
    kept = check_spec(levelled(true_peak_dbtp=true_peak), library().specs["apple-podcasts"])
    assert kept.passed is passed
    assert kept.checks[1].measured == round(true_peak, 2)


def test_silence_reaches_nothing_and_passes_no_bound():
    silent = survey([np.zeros((2, RATE))], RATE, 2)
    kept = check_spec(silent, library().specs["ebu-r128-s1"])
    assert [(check.rule, check.measured, check.passed) for check in kept.checks] == [
        ("integrated", None, False),
        ("short_term_max", None, True),
        ("true_peak", None, True),
    ]
    assert (
        kept.checks[0].fix
        == "it is silent or too short to measure: check that it is the right file"
    )


def test_the_export_presets_that_specs_name_deliver_what_they_ask_for():
    named = [spec for spec in library().specs.values() if spec.export_preset is not None]
    assert named
    for spec in named:
        preset = library().export[spec.export_preset]
        if spec.lufs is None:
            assert spec.rms_min_dbfs < preset.rms_dbfs < spec.rms_max_dbfs
            assert preset.ceiling_db <= spec.sample_peak_max_dbfs
            assert preset.sample_rate == spec.sample_rate
            assert preset.formats["mp3"].mono_bit_rate >= spec.bit_rate_min
        else:
            assert abs(preset.lufs - spec.lufs) <= spec.lufs_tolerance
            assert preset.ceiling_db <= spec.true_peak_max_dbtp
