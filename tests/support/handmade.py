"""Plans made by hand, small enough to read, for the real ffmpeg."""

from __future__ import annotations

from mixdown.ir.nodes import OutputRole
from mixdown.plans.plan import (
    Delivery,
    Fact,
    File,
    FilterScript,
    LoudnessGoal,
    Plan,
    Space,
    Step,
    StepKind,
    Template,
)

RATE = 48000
QUIET = ("-hide_banner", "-nostdin", "-loglevel", "error", "-y")
PREMASTER = File(Space.WORK, "premaster.wav")
MASTER = File(Space.OUT, "master.wav")
TRUE_PEAK = (
    "aresample=192000:resampler=soxr:precision=28,"
    "alimiter@limiter=limit=0.84:attack=5:release=50:level=0:asc=0:latency=1,"
    "aresample=48000:resampler=soxr:precision=28"
)


def script(*lines: str | Template) -> FilterScript:
    return FilterScript(tuple(x if isinstance(x, Template) else Template((x,)) for x in lines))


def step(name: str, *argv, kind=StepKind.RENDER, **fields) -> Step:
    return Step(
        **{"inputs": (), "samples": RATE, "rate": RATE, **fields},
        id=name,
        purpose=f"{name} it",
        kind=kind,
        program="ffmpeg",
        argv=(*QUIET, *argv),
    )


def mix_step(source: str, seconds: float) -> Step:
    """Writes the premaster from a lavfi source."""
    graph = script(f"{source},atrim=end_sample={round(seconds * RATE)}[out]")
    return step(
        "mix",
        *("-filter_complex", graph, "-map", "[out]", "-c:a", "pcm_f32le", PREMASTER),
        outputs=(PREMASTER,),
        samples=round(seconds * RATE),
    )


def measure_step(seconds: float) -> Step:
    return step(
        "measure",
        *("-i", PREMASTER, "-af", "ebur128=peak=true:metadata=1,ametadata=print:file=-"),
        *("-f", "null", "-"),
        kind=StepKind.MEASURE,
        inputs=(PREMASTER,),
        after=("mix",),
        samples=round(seconds * RATE),
    )


def finish_step(limiter: str = TRUE_PEAK) -> Step:
    """The gain, then a limiter that aims 0.5 dB under -1 dBTP and less by the margin."""
    gain = Template(("[0:a]volume@gain=volume=", Fact("gain_db"), "dB:precision=double[loud]"))
    margin = Template(("[loud]volume=volume=", Fact("margin_db"), "dB:precision=double[in]"))
    graph = script(gain, margin, f"[in]{limiter}[limited]", _undo())
    return step(
        "finish",
        *("-i", PREMASTER, "-filter_complex", graph, "-map", "[out]", "-c:a", "pcm_s24le"),
        *("-fflags", "+bitexact", MASTER),
        inputs=(PREMASTER,),
        outputs=(MASTER,),
        after=("measure",),
    )


def _undo() -> Template:
    return Template(("[limited]volume=volume=-", Fact("margin_db"), "dB:precision=double[out]"))


def loudness_plan(source: str, seconds: float, *, target: float = -16.0, **finish: str) -> Plan:
    return Plan(
        backend="hand",
        steps=(mix_step(source, seconds), measure_step(seconds), finish_step(**finish)),
        deliveries=(Delivery(OutputRole.MASTER, "master", MASTER),),
        labels={"volume@gain": "master.loudnorm", "alimiter@limiter": "master.limiter"},
        loudness=LoudnessGoal("measure", "finish", target, -1.0, "gain_db", "margin_db"),
    )
