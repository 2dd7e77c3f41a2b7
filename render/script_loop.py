"""The loudness loop as text of a POSIX shell script that needs nothing but ffmpeg.

Promises: the loop is that of render/loudness.py, with its numbers: the same first gain from the
same measurement, the same corrections from the same readings. Its readings of the master are
ffmpeg's: loudness by ebur128 (within 0.01 LU of our meter), true peak by soxr at four times the
rate (within 0.05 dB under it, an allowance that the script makes). So where the first gain is
right, the files are a render's to the bit; where a correction follows, they differ by hundredths
of a dB, and the target and the ceiling are held all the same.
"""

from __future__ import annotations

from ..plans.plan import LoudnessLoop
from .loudness import (
    AIM_LU,
    DECIMALS,
    LEAST_SLOPE,
    MAX_CORRECTIONS,
    MAX_PUSH_DB,
    SAFETY_DB,
    SILENCE_LUFS,
    TOLERANCE_LU,
)

PEAK_ALLOWANCE_DB = 0.05
"""How far a true peak that ffmpeg reads at four times the rate may be too low."""

OVERSAMPLING = 4

LOUDNESS_KEY = "lavfi.r128.I"
_PEAK_KEY = "lavfi.astats.Overall.Peak_level"

GAIN = "${GAIN}"
MARGIN = "${MARGIN}"
"""What stands for the two facts in the looped commands."""

_TEMPLATE = """\
# The last number that ffmpeg printed under a key; silence has none.
last() {{
  awk -F= -v key="$1" '
    $1 == key && $2 ~ /[0-9]/ {{ number = $2 }}
    END {{ print (number == "" ? -1000 : number) }}
  ' "$2"
}}

# Measure a finished file: loudness, and true peak at {times} times the rate.
levels() {{
  ffmpeg -hide_banner -nostdin -loglevel error -i "$1" -filter_complex '[0:a:0]aresample='\\
'osf=dbl,ebur128=metadata=1,ametadata=mode=print:key={loudness_key}:direct=1:file=-,'\\
'aresample={oversampled}:resampler=soxr:precision=28:tsf=dblp:osf=dbl,'\\
'astats=metadata=1:measure_perchannel=none:measure_overall=Peak_level,'\\
'ametadata=mode=print:key={peak_key}:direct=1:file=-[levels]' \\
    -map '[levels]' -c:a pcm_f64le -f null - >"$WORK/levels"
  LUFS=$(last {loudness_key} "$WORK/levels")
  DBTP=$(last {peak_key} "$WORK/levels")
}}

# Every line of attempts: gain, margin under the ceiling, LUFS, dBTP. What to do next, with which
# gain and margin: try again, or be done, the best attempt being the last one or not.
decide() {{
  awk '
    {{
      gain[NR] = $1; margin[NR] = $2; lufs[NR] = $3; over[NR] = $4 + {allowance!r} - ({ceiling!r})
      excess = over[NR] > 0 ? over[NR] : 0
      miss = {target!r} - $3; if (miss < 0) miss = -miss
      if (NR == 1 || excess < least || (excess == least && miss < nearest)) {{
        best = NR; least = excess; nearest = miss
      }}
    }}
    END {{
      g = gain[NR]; m = margin[NR]; miss = {target!r} - lufs[NR]
      if (over[NR] > 0) m += over[NR] + {safety!r}
      if (lufs[NR] > {silence!r} && (miss > {aim!r} || miss < -{aim!r})) {{
        slope = 1
        if (NR > 1 && gain[NR] != gain[NR - 1]) {{
          slope = (lufs[NR] - lufs[NR - 1]) / (gain[NR] - gain[NR - 1])
          slope = slope < {least_slope!r} ? {least_slope!r} : slope > 1 ? 1 : slope
        }}
        g += miss / slope
        if (g > gain[1] + {push!r}) g = gain[1] + {push!r}
      }}
      g = sprintf("%.{decimals}f", g) + 0; m = sprintf("%.{decimals}f", m) + 0
      if (NR <= {corrections} && !(g == gain[NR] && m == margin[NR]))
        printf "try %.{decimals}f %.{decimals}f\\n", g, m
      else
        printf "%s %s %s %s %s\\n", best == NR ? "done" : "back", gain[best], margin[best], \\
          lufs[best], over[best]
    }}
  ' "$WORK/attempts"
}}
"""

_RUN = """\
# Reach {target:g} LUFS under {ceiling:g} dBTP.
LUFS=$(last {loudness_key} "$WORK/premaster.levels")
GAIN=$(awk -v lufs="$LUFS" 'BEGIN {{
  printf "%.{decimals}f", (lufs > {silence!r} ? {target!r} - lufs : 0)
}}')
MARGIN=0.0
NEXT=try
while [ "$NEXT" = try ]; do
  finish
  levels {master}
  echo "$GAIN $MARGIN $LUFS $DBTP" >>"$WORK/attempts"
  decide >"$WORK/next"
  read -r NEXT GAIN MARGIN LUFS OVER <"$WORK/next"
done
if [ "$NEXT" = back ]; then
  finish
fi
if awk -v over="$OVER" 'BEGIN {{ exit over > {allowance!r} ? 0 : 1 }}'; then
  echo "the master's true peak stays over its ceiling of {ceiling:g} dBTP; nothing is delivered" >&2
  exit 3
fi
if awk -v lufs="$LUFS" 'BEGIN {{
  miss = {target!r} - lufs; exit miss > {tolerance!r} || miss < -{tolerance!r} ? 0 : 1
}}'; then
  echo "the master is at $LUFS LUFS; its target is {target:g}" >&2
fi
"""


def loop_functions(goal: LoudnessLoop, rate: int) -> str:
    """The functions that measure and decide.

    Args:
        goal: what is to be reached.
        rate: of the master, Hz.
    """
    return _TEMPLATE.format(
        times=OVERSAMPLING,
        oversampled=OVERSAMPLING * rate,
        loudness_key=LOUDNESS_KEY,
        peak_key=_PEAK_KEY,
        allowance=PEAK_ALLOWANCE_DB,
        ceiling=goal.ceiling_db,
        target=goal.target_lufs,
        safety=SAFETY_DB,
        silence=SILENCE_LUFS,
        aim=AIM_LU,
        least_slope=LEAST_SLOPE,
        push=MAX_PUSH_DB,
        decimals=DECIMALS,
        corrections=MAX_CORRECTIONS,
    )


def loop_run(goal: LoudnessLoop, master: str) -> str:
    """The loop itself, around a function `finish` that makes the master.

    Args:
        goal: what is to be reached.
        master: the master's file, as a word of the shell.
    """
    return _RUN.format(
        target=goal.target_lufs,
        ceiling=goal.ceiling_db,
        loudness_key=LOUDNESS_KEY,
        decimals=DECIMALS,
        silence=SILENCE_LUFS,
        allowance=PEAK_ALLOWANCE_DB,
        tolerance=TOLERANCE_LU,
        master=master,
    )
