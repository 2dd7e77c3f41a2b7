"""The files that a mix depends on: what it names, there or not, and what it includes."""

from __future__ import annotations

from pathlib import Path

from mixdown.compiler.inputs import choice_files, input_files

DOCUMENTS = {
    "ep.yaml": "include: parts/common.yaml\nid: ep\nvars: {who: host}\ncover: art/cover.jpg\n"
    "sources: {host: {path: 'audio/${who}.flac', transcript: words.json}}\n"
    "tracks: [{id: a, role: dialogue, clips: [{source: host}, {source: a.wav}]}]\n",
    "parts/common.yaml": "metadata: {title: 'No. 7', url: 'https://a.example/b.c'}\n",
    "show.toml": 'show_version = 1\nid = "s"\nsegments = [{source = "in.flac"}]\n',
    "broken.yaml": "id: [\n",
    "half.yaml": "include: broken.yaml\nid: half\n",
    "gone.yaml": "include: gone-too.yaml\nid: gone\n",
    "a.mir": "mir 1\n",
}


def found(folder: Path, name: str, **variables: str) -> set[str]:
    files = input_files(folder / name, variables=variables)
    return {path.relative_to(folder).as_posix() for path in files}


def test_every_file_that_a_document_names_is_found(tmp_path: Path):
    for name, text in DOCUMENTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    named = {"ep.yaml", "parts/common.yaml", "art/cover.jpg", "words.json", "a.wav"}
    # Too many are no harm: "No. 7" could be the name of a file.
    assert found(tmp_path, "ep.yaml") == named | {"audio/host.flac", "No. 7"}
    assert "audio/guest.flac" in found(tmp_path, "ep.yaml", who="guest")
    assert found(tmp_path, "show.toml") == {"show.toml", "in.flac"}
    assert found(tmp_path, "broken.yaml") == {"broken.yaml"}
    assert found(tmp_path, "half.yaml") == {"half.yaml", "broken.yaml"}
    assert found(tmp_path, "gone.yaml") == {"gone.yaml", "gone-too.yaml"}
    assert found(tmp_path, "missing.yaml") == {"missing.yaml"}
    assert found(tmp_path, "a.mir") == {"a.mir"}


def test_choices_name_files_too(tmp_path: Path):
    (tmp_path / "export.toml").write_text("")
    choices = {"presets": (str(tmp_path),), "facts": "facts.json", "video": None}
    assert choice_files(choices) == (Path("facts.json"), tmp_path / "export.toml")
