"""Files outside the directory of a document are not opened, whatever names them."""

from __future__ import annotations

import sys
from pathlib import Path

import mixdown
import numpy as np
import pytest
import soundfile

CLIP = "tracks:\n  - {id: a, role: music, clips: [{source: SOURCE}]}\n"
DOCUMENTS = {
    "source": "id: t\nsources: {x: PATH}\n" + CLIP.replace("SOURCE", "x"),
    "entry": "id: t\nsources: {x: {path: PATH, stream: 2}}\n" + CLIP.replace("SOURCE", "x"),
    "clip": "id: t\n" + CLIP.replace("SOURCE", "PATH"),
    "cover": "id: t\nlength_ms: 1000\ncover: PATH\n",
    "show": "show_version: 1\nid: t\nsegments: [PATH]\n",
    "song": "arrangement_version: 1\nid: t\ntempo_map: [{bar: 1, tempo: 97}]\n"
    "sections: [{name: a, bars: 2}]\nmaterials: [{id: b, source: PATH, bars: 1, tempo: 97}]\n"
    "parts: [{id: p, role: drums, material: b, play: [a]}]\n",
    "graph": "mixdown.ir 1\n"
    'source @a = "PATH" {digest = "sha256:0", rate = 48000, channels = 1, frames = 500, '
    'codec = "wav/pcm_16"}\n'
    "%a = clip {source = @a, offset = 0, length = 500, rate = 48000}\n"
    '%o = output %a {role = master, target = "master", container = "wav", encoding = s24}\n',
}
_opened: list[str] = []
sys.addaudithook(
    lambda event, given: (
        _opened.append(str(given)) if event in ("open", "subprocess.Popen") else None
    )
)


def refusal(path: Path, named: str) -> str:
    _opened.clear()
    with pytest.raises(mixdown.TimelineError, match="MIX212") as caught:
        mixdown.compile(path, format="flac")
    assert not [given for given in _opened if named in given]
    return str(caught.value).replace(named, "NAMED")


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("above", ["../", "{root}/../", "link/"])
def test_it_is_refused_unopened_and_alike_whether_it_exists(tmp_path, kind, above):
    folder = tmp_path / "document"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    soundfile.write(tmp_path / "outer-there.wav", np.zeros(48000), 48000, "PCM_16")
    path = folder / ("t.mir" if kind == "graph" else "t.yaml")
    found = []
    for named in ("outer-there.wav", "outer-other.wav"):
        outside = above.format(root=folder) + named
        path.write_text(DOCUMENTS[kind].replace("PATH", outside))
        found.append(refusal(path, named))
    assert found[0] == found[1]
