#!/bin/sh
# A mix of mixdown's sox backend, plan f647ed4adc9b7467.
#
# SRC   the directory that source paths are relative to [.]
# OUT   the directory for master.wav [.]
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
check a7d3626d3c57b99e9681d29be9b00c0b2f814bf9e10c94629bdd7cfe83d54912 "$SRC/media/bed.ogg"
check 967d3d6ff6fd5308c258cdcd7711a8c9ccf3eaa05d83d6e2c0f75b188af7b935 "$SRC/media/guest.flac"
check 8191030e907805d26b02141b535fd614d3c2f65ec131f09f1cc3d4add44ea727 "$SRC/media/host.flac"
check 70bcc26a73fad47fce17cb509fd253235912930783b9b67a06b21d3ce5ee4046 "$SRC/media/room.ogg"
check 26fe58e14aa381fec298f76dac9ca0f6edf647c08c6b5379e7884105f3443d6b "$SRC/media/sting.flac"

# Decode media/bed.ogg.
mixdown step decode "$SRC/media/bed.ogg" "$WORK/source1.wav"

# Decode media/room.ogg.
mixdown step decode "$SRC/media/room.ogg" "$WORK/source2.wav"

# Prepare media/host.flac.
cat >"$WORK/host.mir" <<'END'
mixdown.ir 1
source @host = "media/host.flac" {digest = "sha256:8191030e907805d26b02141b535fd614d3c2f65ec131f09f1cc3d4add44ea727", rate = 22050, channels = 1, frames = 418950, codec = "flac/pcm_16"}
%host = clip {source = @host, offset = 0, length = 912000, rate = 48000} : signal<48000, 1, 912000>
END
mixdown step integers "$WORK/host.mir" --sources "$SRC/." --work "$WORK/." \
    --value host 4 "$WORK/host.au"

# Play host/welcome.clip up to host/welcome.pan.
sox -D -R --no-glob "$WORK/host.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host_welcome.pan.au" trim 0s 336000s fade t 1440s fade t 0s 336000s 2880s \
    pad 158400s 0s

# Play host/ask-file.clip up to host/ask-file.pan.
sox -D -R --no-glob "$WORK/host.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host_ask_file.pan.au" trim 336000s 144000s fade t 1440s \
    fade t 0s 144000s 2880s pad 283200s 0s

# Play host/ask-loudness.clip up to host/ask-loudness.pan.
sox -D -R --no-glob "$WORK/host.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host_ask_loudness.pan.au" trim 480000s 144000s fade t 1440s \
    fade t 0s 144000s 2880s pad 355200s 0s

# Play host/goodbye.clip up to host/goodbye.pan.
sox -D -R --no-glob "$WORK/host.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host_goodbye.pan.au" trim 624000s 288000s fade t 1440s fade t 0s 288000s 2880s \
    pad 326400s 0s

# Prepare media/guest.flac.
cat >"$WORK/guest.mir" <<'END'
mixdown.ir 1
source @guest = "media/guest.flac" {digest = "sha256:967d3d6ff6fd5308c258cdcd7711a8c9ccf3eaa05d83d6e2c0f75b188af7b935", rate = 22050, channels = 1, frames = 463050, codec = "flac/pcm_16"}
%guest = clip {source = @guest, offset = 0, length = 1008000, rate = 48000} : signal<48000, 1, 1008000>
END
mixdown step integers "$WORK/guest.mir" --sources "$SRC/." --work "$WORK/." \
    --value guest 4 "$WORK/guest.au"

# Play guest/what-it-does.clip up to guest/what-it-does.pan.
sox -D -R --no-glob "$WORK/guest.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/guest_what_it_does.pan.au" trim 0s 312000s fade t 1440s \
    fade t 0s 312000s 2880s pad 489600s 0s

# Play guest/keyframes.clip up to guest/keyframes.pan.
sox -D -R --no-glob "$WORK/guest.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/guest_keyframes.pan.au" trim 312000s 312000s fade t 1440s \
    fade t 0s 312000s 2880s pad 91200s 0s

# Play guest/the-number.clip up to guest/the-number.pan.
sox -D -R --no-glob "$WORK/guest.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/guest_the_number.pan.au" trim 624000s 384000s fade t 1440s \
    fade t 0s 384000s 2880s pad 182400s 0s

# Join host.mix up to host.pan.
sox -D -R --combine concatenate -v 0.25 --no-glob "$WORK/host_welcome.pan.au" -v 0.25 \
    --no-glob "$WORK/host_ask_file.pan.au" -v 0.25 --no-glob "$WORK/host_ask_loudness.pan.au" \
    -v 0.25 --no-glob "$WORK/host_goodbye.pan.au" -e signed-integer -b 32 -r 48000 \
    -c 1 "$WORK/host.pan.au" pad 0s 268800s highpass 80 0.7071067811865475q

# Join guest.mix up to guest.pan.
sox -D -R --combine concatenate -v 0.25 --no-glob "$WORK/guest_what_it_does.pan.au" -v 0.25 \
    --no-glob "$WORK/guest_keyframes.pan.au" -v 0.25 --no-glob "$WORK/guest_the_number.pan.au" \
    -e signed-integer -b 32 -r 48000 -c 1 "$WORK/guest.pan.au" pad 0s 532800s \
    highpass 80 0.7071067811865475q

# Prepare source1.wav.
cat >"$WORK/bed.mir" <<'END'
mixdown.ir 1
source @bed = "source1.wav" {digest = "decoded:2a6517cd94e35fb72a401869b9482138d7e1ba132963c95544a5cf658d9bd5b3", rate = 44100, channels = 2, frames = 2646000, codec = "wav/float"}
%bed = clip {source = @bed, offset = 0, length = 2880000, rate = 48000} : signal<48000, 2, 2880000>
END
mixdown step integers "$WORK/bed.mir" --sources "$SRC/." --work "$WORK/." \
    --value bed 8 "$WORK/bed.au"

# Play music/bed-opening.clip up to music/bed-opening.crossfade_out.
sox -D -R --no-glob "$WORK/bed.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/music_bed_opening.crossfade_out.au" trim 0s 1248000s fade q 57600s \
    fade q 0s 1248000s 96000s

# Play music/bed-ending.clip up to music/bed-ending.place.
sox -D -R --no-glob "$WORK/bed.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/music_bed_ending.place.au" trim 1728000s 1152000s fade q 96000s \
    fade h 0s 1152000s 144000s pad 1152000s 0s

# Add up music.mix up to music.gain.
sox -D -R -M --no-glob "$WORK/music_bed_opening.crossfade_out.au" \
    --no-glob "$WORK/music_bed_ending.place.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/music.gain.au" remix -m 1v0.5,3v0.5 2v0.5,4v0.5

# Write the envelope of music.gain_automation.
cat >"$WORK/music.gain_automation.envelope.mir" <<'END'
mixdown.ir 1
%ones = silence {rate = 48000, channels = 2, length = 2304000} : signal<48000, 2, 2304000>
%gain1 = automation.gain %ones {points = [(129600, 0.0, smooth), (163200, -10.0, linear), (1171200, -10.0, smooth), (1204800, -3.0, linear), (1248000, -3.0, smooth), (1281600, -10.0, linear), (1982400, -10.0, smooth), (2020800, 0.0, linear)]} : signal<48000, 2, 2304000>
END
mixdown step envelope "$WORK/music.gain_automation.envelope.mir" \
    --value gain1 1 "$WORK/music.gain_automation.envelope.au"

# Play sting/chapter-bell.clip up to sting/chapter-bell.fade_out.
sox -D -R -t flac --no-glob "$SRC/media/sting.flac" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/sting_chapter_bell.fade_out.au" fade t 0s 115200s 19200s

# Write the envelope of sting/chapter-bell.pan_automation.
cat >"$WORK/sting_chapter_bell.pan_automation.envelope.mir" <<'END'
mixdown.ir 1
%ones = silence {rate = 48000, channels = 2, length = 115200} : signal<48000, 2, 115200>
%gain1 = automation.pan %ones {points = [(0, -0.5, smooth), (72000, 0.5, linear)], law = constant_power} : signal<48000, 2, 115200>
END
mixdown step envelope "$WORK/sting_chapter_bell.pan_automation.envelope.mir" \
    --value gain1 1 "$WORK/sting_chapter_bell.pan_automation.envelope.au"

# Prepare source2.wav.
cat >"$WORK/room.mir" <<'END'
mixdown.ir 1
source @room = "source2.wav" {digest = "decoded:85579eed789b1ece488b9261b5549898e62ef33d48c58e5f93470b9e414c87ff", rate = 48000, channels = 2, frames = 1344000, codec = "wav/float"}
%room = clip {source = @room, offset = 0, length = 1344000, rate = 48000} : signal<48000, 2, 1344000>
END
mixdown step integers "$WORK/room.mir" --sources "$SRC/." --work "$WORK/." \
    --value room 8 "$WORK/room.au"

# Play room/room-first.clip up to room/room-first.crossfade_out.
sox -D -R --no-glob "$WORK/room.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/room_room_first.crossfade_out.au" fade h 96000s fade q 0s 1344000s 192000s

# Play room/room-again.clip up to room/room-again.place.
sox -D -R --no-glob "$WORK/room.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/room_room_again.place.au" trim 0s 1152000s fade q 192000s \
    fade h 0s 1152000s 192000s pad 1152000s 0s

# Add up bus_dialogue.bus up to bus_dialogue.eq1.
sox -D -R -M --no-glob "$WORK/host.pan.au" --no-glob "$WORK/guest.pan.au" -e signed-integer \
    -b 32 -r 48000 -c 2 "$WORK/bus_dialogue.eq1.au" \
    remix -m 1v0.1916130178037502,2v0.17189234113375512 1v0.18631873486899117,2v0.17677669529663687 \
    highpass 80 0.7071067811865475q

# Shape music.gain_automation up to bus_music.bus.
sox -D -R -T --no-glob "$WORK/music.gain.au" \
    --no-glob "$WORK/music.gain_automation.envelope.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/bus_music.bus.au"

# Shape sting/chapter-bell.pan_automation up to bus_fx.bus.
sox -D -R -T --no-glob "$WORK/sting_chapter_bell.fade_out.au" \
    --no-glob "$WORK/sting_chapter_bell.pan_automation.envelope.au" -e signed-integer -b 32 \
    -r 48000 -c 2 "$WORK/bus_fx.bus.au" pad 1185600s 1003200s

# Add up room.mix up to bus_ambience.gain.
sox -D -R -M --no-glob "$WORK/room_room_first.crossfade_out.au" \
    --no-glob "$WORK/room_room_again.place.au" -e signed-integer -b 32 -r 48000 \
    -c 2 "$WORK/bus_ambience.gain.au" remix -m 1v0.125,3v0.125 2v0.125,4v0.125 \
    highpass 40 0.7071067811865475q

# Add up master.mix up to master.headroom.
sox -D -R -M --no-glob "$WORK/bus_dialogue.eq1.au" --no-glob "$WORK/bus_music.bus.au" \
    --no-glob "$WORK/bus_fx.bus.au" --no-glob "$WORK/bus_ambience.gain.au" -e signed-integer \
    -b 32 -r 48000 -c 2 "$WORK/master.headroom.au" \
    remix -m 1v1,3v0.1577393361200483,5v0.004941058844013093,7v0.07079457843841379 2v1,4v0.1577393361200483,6v0.004941058844013093,8v0.07079457843841379

# Restore the level in floats.
cat >"$WORK/restore.mir" <<'END'
mixdown.ir 1
source @master.headroom = "master.headroom.au" {digest = "value:aa03a84bcd877184713cb7f4f1ecc56274ee6050775f11791102714b76f73743", rate = 48000, channels = 2, frames = 2304000, codec = "au/pcm_32"}
%master.headroom.integers = clip {source = @master.headroom, offset = 0, length = 2304000, rate = 48000} : signal<48000, 2, 2304000>
%master.headroom = gain %master.headroom.integers {gain_db = 33.12359947967774} : signal<48000, 2, 2304000>
%master.headroom.carried = output %master.headroom {role = master, target = "master.headroom.carried", container = "wav", encoding = f64, index = 0} : signal<48000, 2, 2304000>
END
mixdown step engine "$WORK/restore.mir" --sources "$SRC/." --work "$WORK/." \
    --tag artist 'The mixdown demo' --tag title 'What is mixdown?' \
    --output master.headroom.carried "$WORK/premaster.wav"

# Master.
cat >"$WORK/finish.mir" <<'END'
mixdown.ir 1
source @master.headroom = "premaster.wav" {digest = "value:f6b65e899fe161a4c28c721aa303a3b8492ec7b02bc2076cb2a2b36cf3ab9b28", rate = 48000, channels = 2, frames = 2304000, codec = "wav/double"}
%master.headroom = clip {source = @master.headroom, offset = 0, length = 2304000, rate = 48000} : signal<48000, 2, 2304000>
%master.loudnorm = loudnorm %master.headroom {target_lufs = -16.0, gain_db = ?} : signal<48000, 2, 2304000>
%master.limiter = limiter %master.loudnorm {ceiling_db = -1.0, mode = true_peak, margin_db = 0.0} : signal<48000, 2, 2304000>
%master.dither = dither %master.limiter {bits = 16, seed = "master"} : signal<48000, 2, 2304000>
%master.output = output %master.dither {role = master, target = "master", container = "wav", encoding = s16, index = 0} : signal<48000, 2, 2304000>
END
mixdown step finish --target-lufs -16.0 --ceiling-db -1.0 --measure "$WORK/premaster.wav" \
    --master "$WORK/out/master.wav" --gain @gain_db@ --margin @margin_db@ \
    -- mixdown step engine "$WORK/finish.mir" --sources "$SRC/." --work "$WORK/." \
    --gain-db @gain_db@ --margin-db @margin_db@ --tag artist 'The mixdown demo' \
    --tag title 'What is mixdown?' --output master.output "$WORK/out/master.wav"

# Deliver.
mv -f "$WORK/out/master.wav" "$OUT/master.wav"
