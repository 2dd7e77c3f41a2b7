"""Bad input ends with code 2 and one coded error; nothing is written, and no traceback is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

COMMANDS = {
    "check": ["check"],
    "compile": ["compile", "-o", "plan.txt"],
    "render": ["render", "-o", "out"],
}


def missing(show: Path) -> list[str]:
    return ["nothing.yaml"]


def not_yaml(show: Path) -> list[str]:
    show.write_text("tracks: [}\n")
    return [show.name]


def not_text(show: Path) -> list[str]:
    show.write_bytes(b"\xff\xfe\x00\x80 id")
    return [show.name]


def missing_media(show: Path) -> list[str]:
    (show.parent / "media/bed.flac").unlink()
    return [show.name]


def unreadable_media(show: Path) -> list[str]:
    (show.parent / "media/bed.flac").write_bytes(b"not audio at all" * 100)
    return [show.name]


def unknown_role(show: Path) -> list[str]:
    show.write_text(show.read_text().replace("role: music", "role: musik"))
    return [show.name]


def a_directory(show: Path) -> list[str]:
    return ["media"]


DOCUMENTS = [
    (missing, "MIX101"),
    (not_yaml, "MIX102"),
    (not_text, "MIX110"),
    (missing_media, "MIX214"),
    (unreadable_media, "MIX215"),
    (unknown_role, "MIX301"),
    (a_directory, "MIX101"),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("break_it", "code"), DOCUMENTS, ids=[f.__name__ for f, _ in DOCUMENTS])
def test_a_bad_document_is_one_coded_error(mixdown, show, listing, command, break_it, code):
    args = [*COMMANDS[command], *break_it(show)]
    before = listing()
    ended = mixdown(*args)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error[{code}]: ")
    assert ended.err.count("error[") == 1
    assert "Traceback" not in ended.err
    assert listing() == before


@pytest.mark.parametrize("command", ["check", "render"])
@pytest.mark.parametrize(("break_it", "code"), DOCUMENTS, ids=[f.__name__ for f, _ in DOCUMENTS])
def test_the_same_as_json(mixdown, show, listing, command, break_it, code):
    args = [*COMMANDS[command], *break_it(show), "--json"]
    before = listing()
    ended = mixdown(*args)
    assert (ended.code, ended.err) == (2, "")
    assert ended.data["ok"] is False
    assert ended.codes == [code]
    assert listing() == before


@pytest.mark.parametrize("command", ["compile", "render"])
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--preset", "podcst"], "MIX303", "unknown export preset 'podcst'"),
        (["--mix", "defualt_mix"], "MIX304", "unknown mix preset 'defualt_mix'"),
        (["--backend", "ffmpg"], "MIX501", "'ffmpg'"),
    ],
)
def test_an_unknown_choice_is_one_coded_error_that_names_the_known_ones(
    mixdown, show, listing, command, options, code, said
):
    if command == "compile":
        options = ["--to" if option == "--backend" else option for option in options]
    before = listing()
    ended = mixdown(*COMMANDS[command], show.name, *options)
    assert ended.code == 2
    assert ended.err.startswith(f"error[{code}]: ")
    assert said in ended.err
    assert "did you mean" in ended.err and "known: " in ended.err
    assert ended.err.count("error[") == 1
    assert listing() == before


@pytest.mark.parametrize("out", ["/proc/out", "small.yaml", "small.yaml/out"])
def test_a_place_that_cannot_be_written_to(mixdown, show, listing, out):
    before = listing()
    ended = mixdown("render", show.name, "-o", out)
    assert ended.code == 2
    assert ended.err.startswith("error[MIX604]: cannot write to ")
    assert listing() == before


@pytest.mark.parametrize("out", ["/proc/plan.txt", "media", "missing/plan.txt"])
def test_a_plan_that_cannot_be_written(mixdown, show, listing, out):
    before = listing()
    ended = mixdown("compile", show.name, "-o", out)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error[MIX604]: cannot write to ")
    assert listing() == before


def test_an_error_shows_its_line_in_the_document(mixdown, show):
    unknown_role(show)
    ended = mixdown("check", show.name)
    line = show.read_text().splitlines().index("    role: musik") + 1
    assert f"--> small.yaml:{line}:" in ended.err
    assert "    role: musik" in ended.err
    assert "did you mean 'music'?" in ended.err
