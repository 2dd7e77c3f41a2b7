"""A graph in each form that `mixdown inspect` knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ..ir.graph import Graph
from ..ir.text.printer import print_graph
from .dot import dot
from .graph_json import graph_data
from .mermaid import mermaid
from .svg import svg


def json_text(data: object) -> str:
    """Plain data as JSON, ended by a line feed."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Graph], str]] = {
    "text": print_graph,
    "json": lambda graph: json_text(graph_data(graph)),
    "dot": dot,
    "svg": svg,
    "mermaid": mermaid,
}
"""Each form by name: a graph to text, ended by a line feed."""
