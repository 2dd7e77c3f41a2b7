"""The compiled kernels give what numpy and scipy give, to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from house import ROOT
from mixdown.audio.interpolation import curve_bounds
from mixdown.audio.kernels import ROW, chosen, plain
from mixdown.audio.meter.kweighting import k_weighting_sos
from mixdown.audio.meter.truepeak import LEAD, interpolation_phases

pytest.importorskip("numba")  # the extra `test` brings it

DRAWN = np.random.default_rng(17)
KEY = np.array([3, 2**63 + 11], np.uint64)
K = k_weighting_sos(48_000)
WIDE = DRAWN.standard_normal((6, 5000))


def sounds() -> dict[str, np.ndarray]:
    click = np.zeros((2, 3000))
    click[1, 1234] = -1.0
    return {
        "noise": 0.3 * WIDE[:2, :4097],
        "one channel": 0.3 * WIDE[:1, :1000],
        "five channels": 0.3 * WIDE[:5, :999],
        "one sample": WIDE[:2, :1],
        "seven samples": WIDE[:2, :7],
        "129 samples": WIDE[:2, :129],
        "silence": np.zeros((2, 2000)),
        "negative zeros": np.full((2, 64), -0.0),
        "hot": 1e3 * WIDE[:2],
        "denormal": 1e-310 * WIDE[:2],
        "a click": click,
        "full scale": np.sign(WIDE[:2, :2000]),
        "every third sample": WIDE[:2, ::3],
        "interleaved": np.ascontiguousarray(WIDE[:2].T).T,
        "mono in the centre": np.broadcast_to(WIDE[:1, :777], (2, 777)),
        "halves of a step": np.arange(-40, 40)[None] * 2.0**-17,
    }


each_sound = pytest.mark.parametrize("name", sounds())


def both(name: str, *arguments: object) -> None:
    """Both forms of a kernel must give the same, with the same types and signs of zero."""
    ours, theirs = (getattr(form, name)(*arguments) for form in (chosen().kernels, plain))
    if not isinstance(theirs, tuple):
        ours, theirs = (ours,), (theirs,)
    for one, other in zip(map(np.asarray, ours), map(np.asarray, theirs), strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()


def test_compiled_ones_are_chosen():
    assert chosen().is_compiled, chosen().reason


@each_sound
def test_filters(name):
    block = sounds()[name]
    state = 0.1 * DRAWN.standard_normal((2, len(block), 2))
    edges = np.unique([0, *DRAWN.integers(0, block.shape[1], 4), block.shape[1]])
    both("filtered", K[1], block, state[0])
    both("energies", K, block, state, edges)


@pytest.mark.parametrize("offset", [0, 1, 3, 1002, 2**33 + 5])
@each_sound
def test_dither(name, offset):
    block = sounds()[name]
    both("dithered", KEY, block, offset, 2.0**-47)
    both("noise", KEY, *block.shape[:1], offset, block.shape[1])


@pytest.mark.parametrize("bits", [16, 24])
@each_sound
def test_quantising(name, bits):
    both("quantised", sounds()[name], bits)


def test_nan_is_refused_by_both():
    for form in (chosen().kernels, plain):
        with pytest.raises(ValueError, match="NaN"):
            form.quantised(np.array([[0.0, np.nan]]), 16)


@each_sound
def test_bounds_of_a_waveform(name):
    bounds = curve_bounds(interpolation_phases(4), LEAD)
    samples = np.resize(sounds()[name][0], 64 * ROW)
    top = np.abs(samples).max()
    for floor in (0.0, *(top * share for share in (0.3, 0.8, 1.0, 1.2, 3.0))):
        both("reaching", samples, floor, 64 - bounds.last, bounds)


@each_sound
@pytest.mark.parametrize("parts", [1, 3, 50])
def test_extremes(name, parts):
    block = sounds()[name]
    both("extremes", block, np.unique(np.arange(parts) * block.shape[1] // parts))


@each_sound
def test_limiting(name):
    line = np.maximum(np.resize(np.abs(sounds()[name][0]), 3000) - 0.5, 0.0)
    both("held", line, 801, 2000)
    targets, decays = plain.held(line, 301, 2700), np.exp(-np.arange(1, 2701) / 300.0)
    for level in (0.0, 2.0):
        both("released", targets, level, decays, 1e-4)
    both("smoothed", targets, 81)
    both("smoothed", targets[:50], 81)


def delivered(kernels: str, folder: Path) -> dict[str, bytes]:
    """The files of a mix that is limited, dithered, measured and reported."""
    document = ROOT / "examples" / "podcast" / "podcast.yaml"
    command = [sys.executable, "-m", "mixdown", "render", str(document), "--backend", "native"]
    command += ["--preset", "music", "--stems", "--quiet", "-o", str(folder)]
    environment = {**os.environ, "MIXDOWN_KERNELS": kernels, "MIXDOWN_CACHE": "off"}
    subprocess.run(command, check=True, env=environment)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.*"))}


def test_a_render_delivers_the_same_bytes_with_and_without(tmp_path: Path):
    compiled, numpy = (delivered(form, tmp_path / (form or "chosen")) for form in ("", "numpy"))
    assert compiled == numpy


def test_a_render_with_them_loads_nothing_of_scipy_and_numba_still_multiplies_matrices():
    code = """
import mixdown.render.service, mixdown.backends.native.run, sys
from mixdown.audio.kernels import chosen
assert chosen().is_compiled
assert not {"scipy.signal", "scipy.linalg"} & {*sys.modules}
import numba, numpy
one = numpy.eye(2)
assert (numba.njit(lambda x: numpy.dot(x, x))(one) == one).all()
assert "scipy.linalg" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_they_are_loaded_for_long_surveys_only():
    code = """
import sys
import numpy as np
from mixdown.audio.kernels import KERNELS, surveying
for samples, loads in ((40_000_000, False), (30_000_000, False), (20_000_000, True)):
    with surveying(samples):
        KERNELS.smoothed(np.zeros(9), 3)
    assert ("numba" in sys.modules) == loads, samples
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("numba", "environment", "reason"),
    [
        ("", {"MIXDOWN_KERNELS": "numpy"}, "MIXDOWN_KERNELS=numpy"),
        ("raise ImportError('no numba')", {}, "no numba; pip install 'mixdown[fast]'"),
        ("__version__ = '0.1'", {}, "numba 0.1 cannot be used: "),
    ],
)
def test_numpy_serves_where_numba_is_not_wanted_or_cannot_work(
    numba, environment, reason, tmp_path: Path
):
    (tmp_path / "numba.py").write_text(numba)
    code = "from mixdown.audio.kernels import chosen; print(chosen().is_compiled, chosen().reason)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, **environment, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"False {reason}")
