"""What ffmpeg prints becomes data; nothing of this machine stays in what is shown."""

from __future__ import annotations

import pytest
from mixdown.media.log import AudioStream, Log

LISTED = """\
[mp3 @ 0x55e1] [warning] Estimating duration from bitrate, this may be inaccurate
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/home/x/late.mp4':
[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 106 kb/s
[info]   Stream #0:0[0x1](und): Video: mpeg4 (Simple Profile), yuv420p, 32x32, 25 fps
[info]   Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp
[info]   Stream #0:2: Audio: dts (dca) (DTS), 44100 Hz, 5.1(side), fltp
[info]   Stream #0:3: Video: mjpeg (Baseline), yuvj420p, 500x500, 90k tbr (attached pic)
"""


def read(text: str) -> Log:
    log = Log()
    for line in text.splitlines():
        log.take(line)
    return log


def test_a_listing():
    log = read(LISTED.partition("\n")[2])
    assert log.container == "mov"
    assert log.seconds == 3723.5
    assert log.streams == [
        AudioStream("aac", 48000, "stereo", "eng"),
        AudioStream("dts", 44100, "5.1(side)", None),
    ]
    assert [stream.channels for stream in log.streams] == [2, 6]
    assert str(log.streams[0]) == "aac, 48000 Hz, stereo, eng"
    assert log.has_pictures
    assert not log.problem


def test_an_estimated_duration_is_none():
    assert read(LISTED).seconds is None


def test_a_cover_is_no_picture():
    assert not read(LISTED.splitlines()[-1]).has_pictures


@pytest.mark.parametrize(
    "line",
    [
        "[verbose]   Input stream #0:0 (audio): 99 packets read (38578 bytes); 99 frames decoded "
        "(141312 samples); ",
        "[in#0/aac @ 0x5577] [verbose]   Input stream #0:0 (audio): 99 packets read (3 bytes); "
        "99 frames decoded; 0 decode errors (141312 samples); ",
    ],
    ids=["5.1", "9.0"],
)
def test_the_samples_decoded_are_read_in_both_spellings(line: str):
    assert read(line).decoded == 141312


def test_a_change_of_form_is_counted():
    line = (
        "[graph_0_in_0_0 @ 0x55] [verbose] tb:1/48000 samplefmt:fltp samplerate:48000 chlayout:mono"
    )
    assert read(f"{line}\n{line}").formats == 2


def test_the_first_problem_is_shown_and_the_others_counted():
    log = read(
        "[aist#0:0/mp3 @ 0x55] [dec:mp3float @ 0x56] [error] Error submitting packet to decoder: \n"
        "[mp3float @ 0x5c1] [error] Header missing\n"
        "[mp3 @ 0x5c1] [warning] Packet corrupt (stream = 0, dts = NOPTS).\n"
        "[mp3 @ 0x5c1] [warning] Guessed Channel Layout for Input Stream #0.0 : mono\n"
        "[null @ 0x5c1] [error] Application provided invalid, non monotonically increasing dts\n"
        "[error] Error while decoding stream #0:0: Invalid data found\n"
    )
    assert (log.problem, log.more) == ("Header missing", 1)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/home/x/a.wv: Input/output error", "Input/output error"),
        ("file:/home/x/a.wv: End of file", "End of file"),
        ("cannot seek in /home/x/a.wv at 7", "cannot seek in it at 7"),
    ],
)
def test_paths_are_not_repeated(said: str, shown: str):
    log = Log(("/home/x/a.wv",))
    log.take(f"[in#0/wv @ 0x55] [error] {said}")
    assert log.problem == shown


def test_a_log_without_end_takes_no_memory():
    log = Log()
    for _ in range(10_000):
        log.take("[mp3float @ 0x5c1] [error] Header missing")
    assert (log.problem, log.more) == ("Header missing", 9999)
