"""Chapters as ffmpeg reads them: odd titles come out as they went in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mutagen
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixdown.plans.ffmetadata import Chapter, chapter_tags, chapter_text

# What documents may hold: text that UTF-8 can say, line breaks and tabs, no other controls.
ODD = st.text(
    st.one_of(st.sampled_from("=;#\\\n\r[]'\" "), st.characters(exclude_categories=["C"]))
)


def read_back(program: str, folder: Path, titles: list[str]) -> list[str]:
    """The titles of an MP3's chapters, by mutagen."""
    chapters = [Chapter(i, i + 1, title) for i, title in enumerate(titles)]
    text, out = folder / "chapters.txt", folder / "a.mp3"
    text.write_text(chapter_text(chapters), encoding="utf-8", newline="\n")
    command = [program, "-y", "-loglevel", "error", "-f", "lavfi", "-i", "anullsrc=d=0.05"]
    command += ["-f", "ffmetadata", "-i", str(text), "-map_metadata", "1", "-map_chapters", "1"]
    subprocess.run([*command, "-id3v2_version", "3", str(out)], check=True)
    frames = sorted(mutagen.File(out).tags.getall("CHAP"), key=lambda frame: frame.start_time)
    return [frame.sub_frames["TIT2"].text[0] for frame in frames]


def test_odd_titles_come_out_as_they_went_in(ffmpegs, tmp_path):
    """Many at a time, for each run of ffmpeg costs more than all of its chapters."""

    @given(st.lists(ODD.filter(str.strip), min_size=20, max_size=40))
    @settings(max_examples=5)
    def check(titles: list[str]) -> None:
        expected = [f"{title} " if title.endswith("\\") else title for title in titles]
        assert read_back(ffmpegs, tmp_path, titles) == expected

    check()


@pytest.mark.parametrize(
    "title", ["[CHAPTER]", ";no comment", "#1", "a\\", "\\\\", "x\ny=z", "\\n"]
)
def test_what_would_be_syntax(title, embedded_ffmpeg, tmp_path):
    found = read_back(embedded_ffmpeg, tmp_path, [title, "after"])
    assert found == [f"{title} " if title.endswith("\\") else title, "after"]


def test_chapters_as_comments():
    hours = 3 * 3_600_000 + 25 * 60_000 + 45_678
    assert chapter_tags([Chapter(500, hours, "One"), Chapter(hours, hours + 1, "a=b")]) == (
        ("CHAPTER001", "00:00:00.500"),
        ("CHAPTER001NAME", "One"),
        ("CHAPTER002", "03:25:45.678"),
        ("CHAPTER002NAME", "a=b"),
    )
