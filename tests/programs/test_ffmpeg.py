"""ffmpeg is found in the promised order, and its version is understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.ir.diagnostics import RenderError
from mixdown.programs.ffmpeg import find_ffmpeg, parse_version, probe

LIBRARIES = (
    "built with gcc\nlibavutil      {avutil}.100 / {avutil}.100\nlibavcodec     59. 37.100\n"
)


def program(folder: Path, version: str, *, name: str = "ffmpeg", avutil: str = "57. 28") -> Path:
    """A program that answers `-version` as an ffmpeg of that version does."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    banner = f"ffmpeg version {version} Copyright (c)\n" + LIBRARIES.format(avutil=avutil)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{banner}END\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "avutil", "numbers"),
    [
        ("5.1.9-0+deb12u1", "57. 28", (5, 1, 9)),
        ("n9.0.2-17-g2a571b6068-20260930", "61.  1", (9, 0, 2)),
        ("7.1-static", "59. 39", (7, 1)),
        ("10.0", "62.  1", (10, 0)),
        ("N-12345-gabcdef0123", "57. 28", (5, 1)),
        ("N-12345-gabcdef0123", "57. 17", (5, 0)),
        ("N-99999-gabcdef0123", "61.  1", (9, 0)),
        ("2024-05-27-git-01c7f68f7a-full_build", "59. 20", (7, 0)),
        ("git-2012-01-01-abc", "51. 34", (0, 0)),
    ],
)
def test_a_version_is_read_from_releases_and_from_git_builds(version, avutil, numbers):
    banner = f"ffmpeg version {version} Copyright (c)\n" + LIBRARIES.format(avutil=avutil)
    assert parse_version(banner) == numbers


def test_a_banner_without_any_number_has_no_version():
    assert parse_version("ffmpeg version unknown Copyright (c)\n") == ()


def test_the_variable_comes_first(tmp_path):
    named = program(tmp_path / "a", "6.0")
    program(tmp_path / "b", "7.0")
    tool = find_ffmpeg({"MIXDOWN_FFMPEG": str(named), "PATH": f"{tmp_path / 'b'}:/bin:/usr/bin"})
    assert (tool.program, tool.version, tool.found_by) == (str(named), (6, 0), "MIXDOWN_FFMPEG")


def test_the_variable_may_hold_a_name_on_path(tmp_path):
    named = program(tmp_path / "a", "6.0", name="my-ffmpeg")
    tool = find_ffmpeg({"MIXDOWN_FFMPEG": "my-ffmpeg", "PATH": str(tmp_path / "a")})
    assert tool.program == str(named)


def test_then_comes_path(tmp_path):
    program(tmp_path / "a", "5.1.2-custom")
    tool = find_ffmpeg({"PATH": str(tmp_path / "a")})
    assert (tool.version_text, tool.found_by) == ("5.1.2-custom", "PATH")


def test_the_embedded_one_comes_last(tmp_path, embedded_ffmpeg):
    tool = find_ffmpeg({"PATH": str(tmp_path)})
    assert (tool.program, tool.found_by) == (embedded_ffmpeg, "imageio-ffmpeg")
    assert tool.version >= (5, 1)


def test_one_on_path_that_is_too_old_is_passed_over(tmp_path):
    program(tmp_path / "a", "4.4.2")
    assert find_ffmpeg({"PATH": str(tmp_path / "a")}).found_by == "imageio-ffmpeg"


def test_one_on_path_that_does_not_run_is_passed_over(tmp_path):
    broken = program(tmp_path / "a", "6.0")
    broken.write_text("#!/bin/sh\nexit 1\n")
    assert find_ffmpeg({"PATH": str(tmp_path / "a")}).found_by == "imageio-ffmpeg"


@pytest.mark.parametrize("named", ["/no/such/ffmpeg", "/etc/passwd", "/bin/true", "/tmp"])
def test_a_variable_that_names_no_ffmpeg_is_an_error_not_a_fallback(named):
    with pytest.raises(RenderError, match=r"MIX601.*MIXDOWN_FFMPEG is") as caught:
        find_ffmpeg({"MIXDOWN_FFMPEG": named, "PATH": "/usr/bin:/bin"})
    assert "or unset it" in str(caught.value)


def test_a_variable_that_names_an_old_one_is_an_error(tmp_path):
    named = program(tmp_path / "a", "5.0.3")
    with pytest.raises(RenderError, match=r"MIX602.*by MIXDOWN_FFMPEG is 5\.0\.3"):
        find_ffmpeg({"MIXDOWN_FFMPEG": str(named), "PATH": "/usr/bin:/bin"})


def test_without_any_the_error_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(RenderError, match=r"MIX601.*no ffmpeg was found") as caught:
        find_ffmpeg({"PATH": str(tmp_path)})
    assert "pip install imageio-ffmpeg" in str(caught.value)
    program(tmp_path / "a", "4.2")
    with pytest.raises(RenderError, match=r"MIX602.*found by PATH is 4\.2"):
        find_ffmpeg({"PATH": str(tmp_path / "a")})


def test_real_programs_answer(ffmpegs):
    tool = probe(ffmpegs, "test")
    assert tool is not None and tool.version >= (5, 1)


def test_a_program_is_asked_once_and_again_when_its_file_changes(tmp_path):
    named = program(tmp_path, "9.0.2")
    asked = tmp_path / "asked"
    named.write_text(named.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\necho >>{asked}\n"))
    answers = [probe(str(named), "test") for _ in range(3)]
    assert len(set(answers)) == 1 and asked.read_text() == "\n"
    named.write_text(named.read_text().replace("9.0.2", "10.0"))
    later = probe(str(named), "test")
    assert later is not None and later.version == (10, 0)
