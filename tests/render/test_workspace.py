"""Files are delivered all or none, and nothing else is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from mixdown.ir.diagnostics import RenderError
from mixdown.plans.plan import File, Space
from mixdown.render.workspace import publish, workspace


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def stage(spaces, **files: str) -> None:
    for name, text in files.items():
        (spaces.staging / name).write_text(text)


def test_each_space_has_its_directory(tmp_path):
    with workspace(tmp_path / "out", tmp_path / "src") as spaces:
        assert spaces.path(File(Space.SOURCE, "a/b.wav")) == str(tmp_path / "src/a/b.wav")
        assert spaces.path(File(Space.WORK, "mix.wav")) == str(spaces.work / "mix.wav")
        assert spaces.path(File(Space.OUT, "master.wav")) == str(spaces.staging / "master.wav")
        assert spaces.staging.is_relative_to(tmp_path / "out")
        said = f"{spaces.source}/a.wav: bad; {spaces.work}/b; {spaces.staging}/c"
        assert spaces.relative(said) == "a.wav: bad; b; c"


def test_files_appear_together_under_their_names(tmp_path):
    out = tmp_path / "new/out"
    with workspace(out, tmp_path) as spaces:
        stage(spaces, a="1", b="2")
        assert tree(out).keys() == {path for path in tree(out) if path.startswith(".mixdown-work")}
        assert publish(spaces, ["a", "b"]) == (out / "a", out / "b")
    assert tree(out) == {"a": "1", "b": "2"}
    assert [path.name for path in sorted(out.iterdir())] == ["a", "b"]


def test_what_a_killed_render_left_is_cleared_up_by_the_next(tmp_path):
    def leave() -> None:
        with workspace(tmp_path, tmp_path) as spaces:
            stage(spaces, a="half")
            os.kill(os.getpid(), signal.SIGKILL)

    killed = multiprocessing.get_context("fork").Process(target=leave)
    killed.start()
    killed.join()
    (left,) = tmp_path.iterdir()
    with workspace(tmp_path, tmp_path):
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_render_that_was_killed_before_its_mark_is_cleared_up(tmp_path):
    left = tmp_path / ".mixdown-work-render-abcdefgh"
    (left / "work").mkdir(parents=True)
    with workspace(tmp_path, tmp_path):
        assert not left.exists()


def test_a_render_at_work_is_left_alone(tmp_path):
    (tmp_path / ".mixdown-work-of-a-script").mkdir()
    with workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="half")
        with workspace(tmp_path, tmp_path):
            assert (spaces.staging / "a").exists()
        assert (spaces.staging / "a").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".mixdown-work-of-a-script"]


def test_what_was_there_is_replaced_and_the_rest_stays(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "mine").write_text("mine")
    with workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="new")
        publish(spaces, ["a"])
    assert tree(tmp_path) == {"a": "new", "mine": "mine"}


def test_a_render_that_fails_leaves_nothing(tmp_path):
    out = tmp_path / "new/deeper/out"
    with pytest.raises(ZeroDivisionError), workspace(out, tmp_path) as spaces:
        stage(spaces, a="half")
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_render_leaves_the_directory_as_it_was(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), workspace(tmp_path, tmp_path) as spaces:
        stage(spaces, a="half")
        raise KeyboardInterrupt
    assert tree(tmp_path) == {"a": "old"}


def test_one_file_that_cannot_be_placed_takes_back_the_others(tmp_path):
    out = tmp_path / "out"
    (out / "c").mkdir(parents=True)
    (out / "b").write_text("old")
    error = pytest.raises(RenderError, match=r"MIX604.*out/c': Is a directory")
    with error, workspace(out, tmp_path) as spaces:
        stage(spaces, a="1", b="2", c="3")
        publish(spaces, ["a", "b", "c"])
    assert tree(out) == {"b": "old"}
    assert (out / "c").is_dir()


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    error = pytest.raises(RenderError, match=r"MIX604")
    with error, workspace(tmp_path / "file/out", tmp_path):
        pass
    assert tree(tmp_path) == {"file": ""}


@pytest.mark.parametrize("out", ["/proc/out", "/dev/null"])
def test_a_place_that_takes_no_files_is_an_error(out, tmp_path):
    error = pytest.raises(RenderError, match=r"MIX604")
    with error, workspace(Path(out), tmp_path):
        pass


OLD = {"a": "old a", "manifest": "old"}
NEW = {"a": "new a", "b": "new b", "manifest": "new"}
CALLS = ("link", "replace", "mkdir", "open", "exists", "is_dir")


def interrupt_at(monkeypatch, number: int, how) -> None:
    """Run `how` just after the numbered call that touches a file."""
    left = [number]

    def after(real):
        def call(*given, **named):
            done = real(*given, **named)
            left[0] -= 1
            if left[0] == 0:
                how()
            return done

        return call

    monkeypatch.setattr(os, "link", after(os.link))
    for name in CALLS[1:]:
        monkeypatch.setattr(Path, name, after(getattr(Path, name)))


def publish_all(out: Path, interrupt) -> None:
    with workspace(out, out) as spaces:
        stage(spaces, **NEW)
        interrupt()
        publish(spaces, list(NEW))


@pytest.mark.parametrize("number", range(1, 25))
def test_an_interrupt_inside_publish_leaves_all_or_nothing(tmp_path, monkeypatch, number):
    for name, text in OLD.items():
        (tmp_path / name).write_text(text)
    ended = False
    try:
        publish_all(
            tmp_path,
            lambda: interrupt_at(monkeypatch, number, lambda: signal.raise_signal(signal.SIGINT)),
        )
    except KeyboardInterrupt:
        ended = True
    monkeypatch.undo()
    assert tree(tmp_path) == (OLD if ended else NEW)


@pytest.mark.parametrize("number", range(1, 25, 3))
def test_a_kill_inside_publish_leaves_no_manifest_of_other_files(tmp_path, monkeypatch, number):
    for name, text in OLD.items():
        (tmp_path / name).write_text(text)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        publish_all(tmp_path, lambda: interrupt_at(monkeypatch, number, die))

    killed = multiprocessing.get_context("fork").Process(target=run)
    killed.start()
    killed.join()
    left = {name: text for name, text in tree(tmp_path).items() if "/" not in name}
    if left.get("manifest") == "old":
        assert left == OLD
    elif left.get("manifest") == "new":
        assert left == NEW
    publish_all(tmp_path, lambda: None)
    assert tree(tmp_path) == NEW


def test_renders_into_one_directory_publish_one_after_the_other(tmp_path):
    def render(text: str) -> None:
        names = [*(f"file{number}" for number in range(30)), "manifest"]
        for _ in range(5):
            with workspace(tmp_path, tmp_path) as spaces:
                stage(spaces, **dict.fromkeys(names, text))
                publish(spaces, names)

    start = multiprocessing.get_context("fork").Process
    both = [start(target=render, args=(text,)) for text in "AB"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    found = tree(tmp_path)
    assert len(found) == 31
    assert len(set(found.values())) == 1
