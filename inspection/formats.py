"""The formats in which `mixdown inspect` prints graphs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ..ir.graph import Graph
from ..ir.text.printer import print_graph
from .dot import dot
from .mermaid import mermaid
from .svg import svg


def json_text(data: object) -> str:
    """Plain data as JSON, with a final line feed."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


GRAPH_FORMATS: Mapping[str, Callable[[Graph], str]] = {
    "text": print_graph,
    "dot": dot,
    "svg": svg,
    "mermaid": mermaid,
}
"""Format -> function from a graph to text with a final line feed."""
