"""watch, as a process of its own: what makes it render again, and how it ends."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import soundfile

SECONDS = 60.0


@attrs.frozen
class Watching:
    """A watch at work, and the lines that it prints."""

    process: subprocess.Popen
    lines: queue.Queue

    def printed(self) -> str:
        """Everything until it waits again."""
        found = []
        while not found or not found[-1].startswith("waiting for changes"):
            found.append(self.lines.get(timeout=SECONDS))
        return "".join(found)


@pytest.fixture
def watching(show: Path) -> Iterator[Watching]:
    command = [sys.executable, "-u", "-m", "mixdown", "watch", show.name, "-o", "draft"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout]).start()
    yield Watching(process, lines)
    process.kill()
    process.wait()


def test_a_watch_renders_what_changes_until_it_is_ended(show: Path, watching: Watching):
    assert "draft/master.wav: rendered in " in watching.printed()
    before = (show.parent / "draft/master.wav").read_bytes()

    show.write_text(show.read_text().replace("fade_in_ms: 20", "fade_in_mz: 20"))
    wrong = watching.printed()
    assert "error[MIX103]: a clip has no key 'fade_in_mz'" in wrong
    assert "small.yaml:10:51" in wrong
    assert (show.parent / "draft/master.wav").read_bytes() == before

    show.write_text(show.read_text().replace("fade_in_mz: 20", "fade_in_ms: 20"))
    assert "draft/master.wav: unchanged" in watching.printed()

    voice = show.parent / "media/voice.wav"
    samples, rate = soundfile.read(voice)
    soundfile.write(voice, samples / 2, rate, subtype="PCM_16")
    assert "draft/master.wav: rendered in " in watching.printed()
    assert (show.parent / "draft/master.wav").read_bytes() != before

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(timeout=SECONDS) == 0
    assert not list((show.parent / "draft").glob(".mixdown*"))


def test_choices_that_are_wrong_are_not_waited_for(mixdown, show: Path):
    ended = mixdown("watch", show.name, "--preset", "podcst")
    assert ended.code == 2
    assert "error[MIX303]" in ended.err
