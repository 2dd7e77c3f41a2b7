#!/bin/sh
# A mix of mixdown's sox backend, plan b7d73d618f9ef089.
#
# SRC   the directory that source paths are relative to [.]
# OUT   the directory for master.wav, bus_dialogue.wav, bus_music.wav [.]
#
# Needs mixdown and sox on PATH.
#
# Names and texts are quoted literally, whatever they contain:
# shellcheck disable=SC1003,SC2016
set -eu
LC_ALL=C
export LC_ALL
SRC=${SRC:-.}
OUT=${OUT:-.}
case $SRC in /*) ;; *) SRC=./$SRC ;; esac
case $OUT in /*) ;; *) OUT=./$OUT ;; esac
mkdir -p "$OUT"
WORK=$(mktemp -d "$OUT/.mixdown-work-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$WORK/out"

# The sources must be those that the plan was made for.
sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}
check() {
  found=$(sha256 <"$2")
  if [ "${found%% *}" != "$1" ]; then
    printf '%s has changed: expected sha256:%s, found sha256:%s\n' "$2" "$1" "${found%% *}" >&2
    exit 1
  fi
}
check 9be14046166ac85d5227304bb197d7731a1d6c9e0a10674c2f6fb20ec824ced0 "$SRC/bed.wav"
check cdb3b12f8a0b12cb8a63a20c142afa63a09a1c247d505c4a66ebbd962d8e9a3d "$SRC/voice.wav"

# Write the envelope of host/again.gain_automation.
cat >"$WORK/host_again.gain_automation.envelope.mir" <<'END'
mixdown.ir 1
%ones = silence {rate = 48000, channels = 1, length = 96000} : signal<48000, 1, 96000>
%gain1 = automation.gain %ones {points = [(0, 0.0, linear), (19200, -6.0, smooth), (33600, -3.0, linear)]} : signal<48000, 1, 96000>
END
mixdown step envelope "$WORK/host_again.gain_automation.envelope.mir" \
    --value gain1 1 "$WORK/host_again.gain_automation.envelope.au"

# Shape host/again.gain_automation.
sox -D -R -T -t wav --no-glob "$SRC/voice.wav" \
    --no-glob "$WORK/host_again.gain_automation.envelope.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host_again.gain_automation.au"

# Filter host/again.filter_automation in the native engine.
cat >"$WORK/host_again.filter_automation.mir" <<'END'
mixdown.ir 1
source @host/again.gain_automation = "host_again.gain_automation.au" {digest = "value:c8e5595fabd42f22c6811a32218ab573828f0f87d585a19749b80bc2bf1e77a3", rate = 48000, channels = 1, frames = 96000, codec = "au/pcm_32"}
%host/again.gain_automation = clip {source = @host/again.gain_automation, offset = 0, length = 96000, rate = 48000} : signal<48000, 1, 96000>
%host/again.filter_automation = automation.filter %host/again.gain_automation {shape = lowpass, points = [(0, 400.0, linear), (38400, 12000.0, linear)], q = 0.7071067811865475, gain_db = 0.0} : signal<48000, 1, 96000>
END
mixdown step integers "$WORK/host_again.filter_automation.mir" --sources "$SRC/." \
    --work "$WORK/." \
    --value host/again.filter_automation 4 "$WORK/host_again.filter_automation.au"

# Play host/again.filter_automation.
sox -D -R --no-glob "$WORK/host_again.filter_automation.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/host_again.filter_automation_2.au" remix -m 1v1 1v1

# Write the envelope of host/again.pan_automation.
cat >"$WORK/host_again.pan_automation.envelope.mir" <<'END'
mixdown.ir 1
%ones = silence {rate = 48000, channels = 1, length = 96000} : signal<48000, 1, 96000>
%gain1 = automation.pan %ones {points = [(0, -0.2, linear), (24000, 0.4, linear)], law = constant_power} : signal<48000, 2, 96000>
END
mixdown step envelope "$WORK/host_again.pan_automation.envelope.mir" \
    --value gain1 1 "$WORK/host_again.pan_automation.envelope.au"

# Play host/hello.clip up to host/hello.pan.
sox -D -R -t wav --no-glob "$SRC/voice.wav" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/host_hello.pan.au" trim 4800s 43200s fade t 1440s fade t 0s 43200s 1600s \
    remix -m 1v0.7071067811865475 1v0.7071067811865475 pad 12000s 0s

# Shape host/again.pan_automation.
sox -D -R -T --no-glob "$WORK/host_again.filter_automation_2.au" \
    --no-glob "$WORK/host_again.pan_automation.envelope.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/host_again.pan_automation.au" pad 16800s 0s

# Join host.mix up to bus_dialogue.eq1.
sox -D -R --combine concatenate -v 0.0625 --no-glob "$WORK/host_hello.pan.au" \
    -v 0.3147313529485418 --no-glob "$WORK/host_again.pan_automation.au" -e signed-integer \
    -b 32 -r 48000 -c 2 "$WORK/bus_dialogue.eq1.au" highpass 80 0.7071067811865475q \
    highpass 80 0.7071067811865475q

# Prepare bed.wav.
cat >"$WORK/bed.mir" <<'END'
mixdown.ir 1
source @bed = "bed.wav" {digest = "sha256:9be14046166ac85d5227304bb197d7731a1d6c9e0a10674c2f6fb20ec824ced0", rate = 44100, channels = 2, frames = 96000, codec = "wav/pcm_16"}
%bed = clip {source = @bed, offset = 0, length = 81600, rate = 48000} : signal<48000, 2, 81600>
END
mixdown step integers "$WORK/bed.mir" --sources "$SRC/." --work "$WORK/." \
    --value bed 4 "$WORK/bed.au"

# Play music/a.clip up to music/a.crossfade_out.
sox -D -R --no-glob "$WORK/bed.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/music_a.crossfade_out.au" trim 0s 76800s fade q 9600s fade q 0s 76800s 14400s

# Play music/b.clip up to music/b.place.
sox -D -R --no-glob "$WORK/bed.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/music_b.place.au" trim 9600s 72000s fade q 14400s fade h 0s 72000s 19200s \
    pad 62400s 0s

# Add up music.mix up to music.gain.
sox -D -R -M --no-glob "$WORK/music_a.crossfade_out.au" --no-glob "$WORK/music_b.place.au" \
    -e signed-integer -b 32 -r 48000 -c 2 "$WORK/music.gain.au" \
    remix -m 1v0.5,3v0.5 2v0.5,4v0.5 pad 0s 33600s

# Write the envelope of music.gain_automation.
cat >"$WORK/music.gain_automation.envelope.mir" <<'END'
mixdown.ir 1
%ones = silence {rate = 48000, channels = 2, length = 168000} : signal<48000, 2, 168000>
%gain1 = automation.gain %ones {points = [(9600, 0.0, linear), (21600, -9.0, hold), (115200, 0.0, linear)]} : signal<48000, 2, 168000>
END
mixdown step envelope "$WORK/music.gain_automation.envelope.mir" \
    --value gain1 1 "$WORK/music.gain_automation.envelope.au"

# Shape music.gain_automation up to bus_music.bus.
sox -D -R -T --no-glob "$WORK/music.gain.au" \
    --no-glob "$WORK/music.gain_automation.envelope.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/bus_music.bus.au"

# Play bus_dialogue.eq1.
sox -D -R --no-glob "$WORK/bus_dialogue.eq1.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/bus_dialogue.eq1_2.au" remix -m 1v1 2v0.9510565162951535

# Add up master.mix up to master.headroom.
sox -D -R -M --no-glob "$WORK/bus_dialogue.eq1.au" --no-glob "$WORK/bus_music.bus.au" \
    -e signed-integer -b 32 -r 48000 -c 2 "$WORK/master.headroom.au" \
    remix -m 1v0.8413951416451951,3v0.39716411736214075 2v0.8002143322407466,4v0.39716411736214075

# Restore the level in floats.
cat >"$WORK/restore.mir" <<'END'
mixdown.ir 1
source @bus_dialogue.eq1 = "bus_dialogue.eq1_2.au" {digest = "value:b74f3e03a6b5d55bf4d9d7aac67455226fa7e1012e25fd22d0836859a78498ef", rate = 48000, channels = 2, frames = 168000, codec = "au/pcm_32"}
source @bus_music.bus = "bus_music.bus.au" {digest = "value:6ec1d5c54f9bd8ceed1f87fcd7199666a7aede6d8f3f0932da5961adca12ba83", rate = 48000, channels = 2, frames = 168000, codec = "au/pcm_32"}
source @master.headroom = "master.headroom.au" {digest = "value:551870417f7da829f2b03d5da608e3060b1e708248330164447d817c527bba2d", rate = 48000, channels = 2, frames = 168000, codec = "au/pcm_32"}
%master.headroom.integers = clip {source = @master.headroom, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%master.headroom = gain %master.headroom.integers {gain_db = 21.082399653118497} : signal<48000, 2, 168000>
%master.headroom.carried = output %master.headroom {role = master, target = "master.headroom.carried", container = "wav", encoding = f64, index = 0} : signal<48000, 2, 168000>
%bus_dialogue.eq1.integers = clip {source = @bus_dialogue.eq1, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%bus_dialogue.eq1 = gain %bus_dialogue.eq1.integers {gain_db = 22.582399653118497} : signal<48000, 2, 168000>
%bus_dialogue.eq1.restored = output %bus_dialogue.eq1 {role = stem, target = "bus_dialogue.eq1.restored", container = "wav", encoding = f64, index = 6} : signal<48000, 2, 168000>
%bus_music.bus.integers = clip {source = @bus_music.bus, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%bus_music.bus = gain %bus_music.bus.integers {gain_db = 16.06179973983887} : signal<48000, 2, 168000>
%bus_music.bus.restored = output %bus_music.bus {role = stem, target = "bus_music.bus.restored", container = "wav", encoding = f64, index = 7} : signal<48000, 2, 168000>
END
mixdown step engine "$WORK/restore.mir" --sources "$SRC/." --work "$WORK/." \
    --tag artist mixdown --tag title Seeds \
    --output master.headroom.carried "$WORK/premaster.wav" \
    --output bus_dialogue.eq1.restored "$WORK/restore0.wav" \
    --output bus_music.bus.restored "$WORK/restore1.wav"

# Deliver.
cat >"$WORK/deliver.mir" <<'END'
mixdown.ir 1
source @bus_dialogue.eq1 = "restore0.wav" {digest = "value:faa745304c9122f9977b28f36ede53292dbfc626838e0a11e59bc811a70ab54f", rate = 48000, channels = 2, frames = 168000, codec = "wav/double"}
source @bus_music.bus = "restore1.wav" {digest = "value:dd24afb344d53036318fd8b5cb7cafcb66df70371239eabebbb1da75089467c9", rate = 48000, channels = 2, frames = 168000, codec = "wav/double"}
%bus_dialogue.eq1 = clip {source = @bus_dialogue.eq1, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%bus_dialogue.dither = dither %bus_dialogue.eq1 {bits = 16, seed = "bus_dialogue"} : signal<48000, 2, 168000>
%bus_dialogue.output = output %bus_dialogue.dither {role = stem, target = "bus_dialogue", container = "wav", encoding = s16, index = 1} : signal<48000, 2, 168000>
%bus_music.bus = clip {source = @bus_music.bus, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%bus_music.dither = dither %bus_music.bus {bits = 16, seed = "bus_music"} : signal<48000, 2, 168000>
%bus_music.output = output %bus_music.dither {role = stem, target = "bus_music", container = "wav", encoding = s16, index = 2} : signal<48000, 2, 168000>
END
mixdown step engine "$WORK/deliver.mir" --sources "$SRC/." --work "$WORK/." \
    --tag artist mixdown --tag title Seeds \
    --output bus_dialogue.output "$WORK/out/bus_dialogue.wav" \
    --output bus_music.output "$WORK/out/bus_music.wav"

# Master.
cat >"$WORK/finish.mir" <<'END'
mixdown.ir 1
source @master.headroom = "premaster.wav" {digest = "value:e90f70de26e29ac228866b2913b2ffdcf1daa5e849c68d8b12455800ac1a8216", rate = 48000, channels = 2, frames = 168000, codec = "wav/double"}
%master.headroom = clip {source = @master.headroom, offset = 0, length = 168000, rate = 48000} : signal<48000, 2, 168000>
%master.loudnorm = loudnorm %master.headroom {target_lufs = -16.0, gain_db = ?} : signal<48000, 2, 168000>
%master.limiter = limiter %master.loudnorm {ceiling_db = -1.0, mode = true_peak, margin_db = 0.0} : signal<48000, 2, 168000>
%master.dither = dither %master.limiter {bits = 16, seed = "master"} : signal<48000, 2, 168000>
%master.output = output %master.dither {role = master, target = "master", container = "wav", encoding = s16, index = 0} : signal<48000, 2, 168000>
END
mixdown step finish --target-lufs -16.0 --ceiling-db -1.0 --measure "$WORK/premaster.wav" \
    --master "$WORK/out/master.wav" --gain @gain_db@ --margin @margin_db@ \
    -- mixdown step engine "$WORK/finish.mir" --sources "$SRC/." --work "$WORK/." \
    --gain-db @gain_db@ --margin-db @margin_db@ --tag artist mixdown --tag title Seeds \
    --output master.output "$WORK/out/master.wav"

# Deliver.
mv -f "$WORK/out/master.wav" "$OUT/master.wav"
mv -f "$WORK/out/bus_dialogue.wav" "$OUT/bus_dialogue.wav"
mv -f "$WORK/out/bus_music.wav" "$OUT/bus_music.wav"
