"""Which changes of files are seen."""

from __future__ import annotations

import threading
from pathlib import Path

from mixdown.render.watching import changes

SECONDS = 30.0


def test_a_document_that_was_being_written_is_watched_with_its_files(tmp_path: Path):
    """The first look finds it empty, so without the file that it names."""
    document, media = tmp_path / "a.yaml", tmp_path / "a.wav"
    document.touch()
    media.touch()
    looks = iter([[document]])
    seen = changes(lambda: next(looks, [document, media]))
    next(seen)
    media.write_bytes(b"changed")
    again = threading.Thread(target=next, args=(seen,), daemon=True)
    again.start()
    again.join(SECONDS)
    assert not again.is_alive()
