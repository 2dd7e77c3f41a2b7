"""Places in documents, as the page names them."""

from __future__ import annotations

from pathlib import Path, PurePath

from attrs import field, frozen

from ...ir.origin import Documents, Origin
from ...ir.places import source_of, span
from .model import DocumentText, TextPlace


@frozen
class Places:
    """The places of a mix.

    Attributes:
        documents: that the mix was read from.
        root: names are relative to this directory, so that they do not depend on where it is; None:
            they are as given.
    """

    documents: Documents
    root: Path | None = None
    _names: dict[str, str] = field(factory=dict, init=False, eq=False, repr=False)

    def of(self, origin: Origin | None) -> TextPlace | None:
        """The place of an origin."""
        if origin is None:
            return None
        origin = source_of(origin)
        found = span(origin, self.documents)
        return TextPlace(
            document=self._name((found and found.document) or origin.document),
            pointer=origin.pointer,
            line=found.line if found else None,
        )

    @property
    def texts(self) -> tuple[DocumentText, ...]:
        """The documents with their texts."""
        found = self.documents.values()
        return tuple(DocumentText(name=self._name(each.name), text=each.text) for each in found)

    def _name(self, document: str) -> str:
        if document not in self._names:
            self._names[document] = self._relative(document)
        return self._names[document]

    def _relative(self, document: str) -> str:
        if self.root is None:
            return document
        path, root = Path(document).absolute(), self.root.absolute()
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
        return PurePath(document).name
