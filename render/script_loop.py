"""The loudness loop as text of a POSIX shell script that needs nothing but ffmpeg.

Promises: the loop is that of render/loudness.py and takes every number from its `LoopRules`: the
same first gain from the same measurement, the same corrections from the same readings. It reads
the master with ffmpeg: loudness by ebur128 (within 0.01 LU of our meter; a rate under 16 kHz is
resampled to 48 kHz first), true peak by soxr at four times the rate (at most 0.05 dB too low, which
the script adds). If the first gain is right, the files are equal to those of a render to the bit.
After a correction they differ by hundredths of a dB, but still meet the target and the ceiling.
"""

from __future__ import annotations

from attrs import asdict

from ..audio import LOWEST_WEIGHTED_RATE, REFERENCE_RATE
from ..ir.nodes import Reading
from ..plans.loop import level_key, window_samples
from ..plans.plan import LoudnessGoal
from .loudness import RULES, LoopRules

PEAK_ALLOWANCE_DB = 0.05
"""By how much ffmpeg can underestimate the true peak at four times the rate."""

OVERSAMPLING = 4

_WEIGHTED = f"{REFERENCE_RATE}:resampler=soxr:precision=28:tsf=dblp:"
"""What aresample does before the loudness of a low rate is measured."""

_OVERALL_RMS = ":measure_perchannel=none:measure_overall=RMS_level"

_PEAK_KEY = "lavfi.astats.Overall.Peak_level"

GAIN = "${GAIN}"
MARGIN = "${MARGIN}"
"""Shell variables in the place of the two facts in the looped commands."""

_FUNCTIONS = """\
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
'{weighted}osf=dbl,{meter}=metadata=1{overall},ametadata=mode=print:key={loudness_key}:direct=1:file=-,'\\
'aresample={oversampled}:resampler=soxr:precision=28:tsf=dblp:osf=dbl,'\\
'astats=metadata=1:measure_perchannel=none:measure_overall=Peak_level,'\\
'ametadata=mode=print:key={peak_key}:direct=1:file=-[levels]' \\
    -map '[levels]' -c:a pcm_f64le -f null - >"$WORK/levels"
  LUFS=$(last {loudness_key} "$WORK/levels")
  DBTP=$(last {peak_key} "$WORK/levels")
}}

# Decide what follows the attempts so far, each a line of gain, margin under the ceiling, LUFS and
# dBTP: "try" with another gain and margin, "done", or "back" to an attempt better than the last.
decide() {{
  awk '
    {{
      gain[NR] = $1; margin[NR] = $2; lufs[NR] = $3; over[NR] = $4 + {allowance!r} - ({ceiling!r})
      excess = over[NR] > 0 ? over[NR] : 0
      miss = {target!r} - $3
      if (excess > 0) times++
      if (miss < 0) miss = -miss
      if (NR == 1 || excess < least || (excess == least && miss < nearest)) {{
        best = NR; least = excess; nearest = miss
      }}
    }}
    END {{
      done = NR - 1; most = {corrections} + {more_corrections}; next_one = ""
      kept = least == 0 && (lufs[best] <= {silence_lufs!r} || nearest <= {tolerance_lu!r})
      if (done < {corrections} || (done < most && !kept)) correct()
      if (next_one == "" && !kept && done < most + {last_resorts}) turn_down()
      if (next_one != "")
        print "try", next_one
      else
        printf "%s %s %s %s %s\\n", best == NR ? "done" : "back", gain[best], margin[best], \\
          lufs[best], over[best]
    }}
    # The last setting with a gain for what it missed, and a limit for what it exceeded.
    function correct(  g, m, miss, lowered, more, pushed, slope) {{
      g = gain[NR]; lowered = 0; miss = {target!r} - lufs[NR]
      if (over[NR] > 0) lowered = over[NR] + {safety_db!r} * {safety_growth!r} ^ (times - 1)
      if (lufs[NR] > {silence_lufs!r} && (miss > {aim_lu!r} || miss < -{aim_lu!r})) {{
        slope = 1
        if (NR > 1) {{
          more = margin[NR] - margin[NR - 1]
          pushed = gain[NR] - gain[NR - 1] + more
          if (pushed >= {aim_lu!r} || pushed <= -{aim_lu!r}) {{
            slope = (lufs[NR] - lufs[NR - 1] + more) / pushed
            slope = slope < {least_slope!r} ? {least_slope!r} : slope > 1 ? 1 : slope
          }}
        }}
        g += (miss + (1 - slope) * lowered) / slope
        if (g > gain[1] + {push_db!r}) g = gain[1] + {push_db!r}
      }}
      g = rounded(g); m = rounded(margin[NR] + lowered)
      if (!(g == gain[NR] && m == margin[NR])) next_one = setting(g, m)
    }}
    # The attempt that is nearest to the target once it is turned down by what is too much of it.
    function turn_down(  i, j, g, m, used, louder, lowered, distance, closest, tried, found) {{
      used = done > most ? done - most : 0
      for (i = 1; i <= NR; i++) {{
        louder = lufs[i] - ({target!r})
        lowered = louder > {tolerance_lu!r} ? louder : 0
        if (over[i] > 0) {{
          m = over[i] + {safety_db!r} * {safety_growth!r} ^ used
          if (m > lowered) lowered = m
        }}
        distance = lowered - louder
        if (distance < 0) distance = -distance
        g = rounded(gain[i] - lowered); m = rounded(margin[i] + lowered)
        tried = 0
        for (j = 1; j <= NR; j++) if (g == gain[j] && m == margin[j]) tried = 1
        if (lowered > 0 && !tried && (found == "" || distance < closest)) {{
          closest = distance; found = setting(g, m)
        }}
      }}
      if (found != "" && (least > 0 || closest <= nearest - {tolerance_lu!r})) next_one = found
    }}
    function rounded(x) {{ return sprintf("%.{decimals}f", x) + 0 }}
    function setting(g, m) {{ return sprintf("%.{decimals}f %.{decimals}f", g, m) }}
  ' "$WORK/attempts"
}}
"""

_RUN = """\
# Reach {target:g} {unit} under {ceiling:g} dBTP.
LUFS=$(last {loudness_key} "$WORK/premaster.levels")
GAIN=$(awk -v lufs="$LUFS" 'BEGIN {{
  printf "%.{decimals}f", (lufs > {silence_lufs!r} ? {uncoded!r} - lufs : 0)
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
  echo "the master's true peak is over its ceiling of {ceiling:g} dBTP; nothing is delivered" >&2
  exit 3
fi
if awk -v lufs="$LUFS" 'BEGIN {{ exit lufs > {silence_lufs!r} ? 1 : 0 }}'; then
  echo "the mix is silent or shorter than 400 ms, so it has no loudness to bring to the target" >&2
elif awk -v lufs="$LUFS" 'BEGIN {{
  miss = {target!r} - lufs; exit miss > {tolerance_lu!r} || miss < -{tolerance_lu!r} ? 0 : 1
}}'; then
  echo "the master is at $LUFS {unit}; its target is {target:g}" >&2
fi
"""


def loop_functions(goal: LoudnessGoal, rate: int, rules: LoopRules = RULES) -> str:
    """The functions that measure and decide."""
    low = rate < LOWEST_WEIGHTED_RATE and goal.reading is not Reading.RMS
    window = window_samples(REFERENCE_RATE if low else rate)
    return _FUNCTIONS.format(
        times=OVERSAMPLING,
        weighted=_WEIGHTED if low else "",
        meter="astats"
        if goal.reading is Reading.RMS
        else f"apad=whole_len={window},ebur128"
        if goal.reading is Reading.MOMENTARY
        else "ebur128",
        overall=_OVERALL_RMS if goal.reading is Reading.RMS else "",
        oversampled=OVERSAMPLING * rate,
        peak_key=_PEAK_KEY,
        **_numbers(goal, rules),
    )


def loop_run(goal: LoudnessGoal, master: str, rules: LoopRules = RULES) -> str:
    """The loop itself, around a function `finish` that makes the master."""
    return _RUN.format(master=master, **_numbers(goal, rules))


def _numbers(goal: LoudnessGoal, rules: LoopRules) -> dict[str, object]:
    """The values for the placeholders of both parts."""
    return {
        "target": goal.target_lufs,
        "uncoded": goal.target_lufs - goal.encoder_gain_db,
        "ceiling": goal.ceiling_db,
        "allowance": PEAK_ALLOWANCE_DB,
        "loudness_key": level_key(goal.reading),
        "unit": goal.reading.unit,
        **asdict(rules),
    }
