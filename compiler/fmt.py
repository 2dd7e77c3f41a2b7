"""Format documents; meaning and comments stay the same.

Promises: the formatted document has the same meaning and the same comments; formatting it again
changes nothing. YAML keeps its order, quotes, anchors and number formats, and gets consistent
indentation, spaces and line feeds; JSON is written anew. Relies on ruamel.yaml's round trip for
comments. A document that the round trip cannot keep intact is returned unchanged.
"""

from __future__ import annotations

import re
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import ScalarString

from ..documents import json_reader
from ..documents.load import Format, format_of
from ..documents.writer import WIDTH, json_text
from .load import read

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def format_text(text: str, name: str = "<text>", format: Format | None = None) -> str:
    """The document, formatted.

    Args:
        text: the document.
        name: what messages call it.
        format: of the text; if None, by the name's extension or else the first character.

    Raises:
        TimelineError: the document does not load.
    """
    text = text.removeprefix("\ufeff")
    format = format or format_of(name, text)
    meaning = read(text, name, format)
    if format == "json":
        return json_text(json_reader.read(text)[0])
    try:
        made = _yaml(re.sub(r"\r\n?", "\n", text))
        same = read(made, name, format) == meaning
    except Exception:  # the round trip fails for some valid documents
        return text
    return made if same and _comments(made) == _comments(text) else text


def _comments(text: str) -> list[str]:
    """The text after every # of a document, so all of its comments, without outer blanks."""
    return [part.strip() for line in re.split(r"[\r\n]", text) for part in line.split("#")[1:]]


def _yaml(text: str) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor, yaml.Representer = _Constructor, _Representer
    yaml.preserve_quotes = True
    yaml.width = 1 << 20  # `_unfold` decides what is too long
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    _unfold(data, 0, 0)
    out = StringIO()
    yaml.dump(data, out)
    lines = "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
    return lines.strip("\n") + "\n"


def _unfold(value: object, indent: int, used: int) -> None:
    """Give each flow collection that does not fit on its line the block style.

    Args:
        value: a value in block context.
        indent: of the lines below it.
        used: columns of its own line before it.
    """
    if not isinstance(value, CommentedMap | CommentedSeq):
        return
    if value.fa.flow_style():
        if used + _width(value) <= WIDTH:
            return
        value.fa.set_block_style()
    if isinstance(value, CommentedMap):
        for key, item in value.items():
            _unfold(item, indent + 2, indent + len(str(key)) + 2)
    else:
        for item in value:
            _unfold(item, indent + 4, indent + 4)


def _width(value: object) -> int:
    """How many columns a value takes on one line."""
    if isinstance(value, CommentedMap):
        return 2 + sum(_width(k) + _width(v) + 4 for k, v in value.items()) - 2 * bool(value)
    if isinstance(value, CommentedSeq):
        return 2 + sum(_width(item) + 2 for item in value) - 2 * bool(value)
    return len(str(value)) + (2 if isinstance(value, ScalarString) else 0)


class _Number(str):
    """A number as it was written, with its tag; a float would lose digits."""

    tag: str


class _Constructor(RoundTripConstructor):
    """Reads numbers as their text."""


class _Representer(RoundTripRepresenter):
    """Writes them as the same text."""


def _construct(constructor: RoundTripConstructor, node: ScalarNode) -> _Number:
    number = _Number(node.value)
    number.tag = str(node.tag)
    return number


def _represent(representer: RoundTripRepresenter, number: _Number) -> ScalarNode:
    node: ScalarNode = representer.represent_scalar(number.tag, str(number))
    return node


for _tag in _NUMBERS:
    _Constructor.add_constructor(_tag, _construct)
_Representer.add_representer(_Number, _represent)
