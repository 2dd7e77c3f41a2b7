"""Which documents a batch renders, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixdown.ir.diagnostics import TimelineError
from mixdown.render.batch.jobs import jobs_of

DOCUMENT = "id: a\nvars: {title: none, guest: nobody}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ep.yaml").write_text(DOCUMENT)
    return tmp_path


def names(*paths: str, **given: object) -> dict[str, str]:
    jobs = jobs_of(paths, **{"out": "out", "variables": {}, **given})
    return {job.name: job.document for job in jobs}


def write(text: str, name: str = "list.csv") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_a_directory_is_walked_and_what_is_no_mix_is_left_out(folder: Path):
    files = {
        "s1/b.yaml": "id: b",
        "s1/a.json": '{"id": "a"}',
        "s1/deep/show.toml": 'show_version = 1\nid = "show"',
        "s1/broken.yml": "id: [",
        "s1/common.yaml": "tracks: []",
        "s1/manifest.json": '{"timeline_id": "a"}',
        "s1/words.json": "[1, 2]",
        "s1/.hidden.yaml": "id: hidden",
        "s1/.git/c.yaml": "id: c",
        "s1/host.wav": "id: not a document",
        "s1/out/old.yaml": "id: old",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert names("s1", "ep.yaml", out="s1/out") == {
        "a": "s1/a.json",
        "b": "s1/b.yaml",
        "broken": "s1/broken.yml",
        "deep/show": "s1/deep/show.toml",
        "ep": "ep.yaml",
    }


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("file,title\nep.yaml,One\n", {}, {"ep": {"title": "One"}}),
        ("file,output,title\nep.yaml,s1/one,One\n", {}, {"s1/one": {"title": "One"}}),
        (
            "title,guest\nOne,\nTwo,Ada\n",
            {"document": "ep.yaml"},
            {"One": {"title": "One"}, "Two": {"title": "Two", "guest": "Ada"}},
        ),
        (
            "n,title\n7,One\n",
            {"document": "ep.yaml", "template": "ep-${n}"},
            {"ep-7": {"title": "One"}},
        ),
        (
            "n,title\n7,One\n",
            {"document": "ep.yaml", "template": "${title}"},
            {"One": {"n": "7", "title": "One"}},
        ),
        ("file;title\nep.yaml;One, two\n", {}, {"ep": {"title": "One, two"}}),
        ("\ufefffile\ttitle\t\r\nep.yaml\t  One \t\r\n\r\n\t\t\r\n", {}, {"ep": {"title": "One"}}),
        ('file,title\nep.yaml,"One, ""two""\nthree"\n', {}, {"ep": {"title": 'One, "two"\nthree'}}),
        ("file,title\nep.yaml,One\n", {"variables": {"title": "All"}}, {"ep": {"title": "All"}}),
        ("file\nmissing.yaml\n", {}, {"missing": {}}),
    ],
    ids=[
        "file",
        "output",
        "first column",
        "only a name",
        "a name and a variable",
        "semicolons",
        "tabs, a BOM and empty cells",
        "quotes",
        "--set",
        "a document that is missing",
    ],
)
def test_a_row_is_a_job(folder: Path, text: str, given: dict, expected: dict):
    jobs = jobs_of([write(text)], **{"out": "out", "variables": {}, **given})
    assert {job.name: dict(job.variables) for job in jobs} == expected


def test_paths_of_a_list_count_from_its_directory(folder: Path):
    (folder / "lists").mkdir()
    assert names(write("file\nep.yaml\n", "lists/a.csv")) == {"ep": "lists/ep.yaml"}
    assert names("lists/a.csv", template="x-${file}") == {"x-ep": "lists/ep.yaml"}


@pytest.mark.parametrize(
    ("text", "given", "code", "line", "message"),
    [
        ("", {}, "MIX113", 1, "the list is empty"),
        ("title\nOne\n", {}, "MIX113", 1, "no column 'file'"),
        ("file\nep.yaml\n", {"document": "ep.yaml"}, "MIX113", 1, "beside --document"),
        ("file,file\n", {}, "MIX113", 1, "two columns are named 'file'"),
        ("file,my title\n", {}, "MIX113", 1, "'my title', which is no name of a variable"),
        ("file,title\nep.yaml,One\n,Two\n", {}, "MIX113", 3, "the row names no file"),
        ("file\nep.yaml\nep.yaml,One\n", {}, "MIX113", 3, "2 cells, and the list 1 column"),
        ('file\nep.yaml\n"ep.yaml\n', {}, "MIX113", 3, "cannot be read"),
        ("file\nep.yaml\n", {"template": "${n}"}, "MIX113", 1, "no column 'n' for --name"),
        ("file\nep.yaml\nep.yaml\n", {}, "MIX307", None, "would both be rendered to 'ep'"),
        ("file,output\nep.yaml,../x\n", {}, "MIX307", None, "'../x' cannot be the name"),
        ("file,output\nep.yaml,/x\n", {}, "MIX307", None, "'/x' cannot be the name"),
        ("file,output\nep.yaml,\n", {}, "MIX307", None, "'' cannot be the name"),
        ("file,output\nep.yaml,report.json\n", {}, "MIX307", None, "cannot be the name"),
        ("file\n", {}, "MIX307", None, "no documents in 'list.csv'"),
    ],
)
def test_what_is_wrong_with_a_list(folder, text, given, code, line, message):
    with pytest.raises(TimelineError) as raised:
        names(write(text), **given)
    (problem,) = raised.value.diagnostics
    assert (problem.code.value, message in problem.message) == (code, True), problem.message
    assert line is None or f"list.csv:{line}:1" in str(raised.value)


def test_options_for_lists_need_one(folder: Path):
    with pytest.raises(TimelineError, match="--document is for the rows of a list"):
        names("ep.yaml", document="ep.yaml")
    with pytest.raises(TimelineError, match="--name is for the rows of a list"):
        names("ep.yaml", template="x")


def test_the_same_file_twice_is_an_error_and_two_directories_are_not(folder: Path):
    for name in ("s1", "s2"):
        (folder / name).mkdir()
        (folder / name / f"{name}.yaml").write_text(DOCUMENT)
    assert list(names("s1", "s2")) == ["s1", "s2"]
    with pytest.raises(TimelineError, match="would both be rendered to 's1'"):
        names("s1", "s1/s1.yaml")
