"""Steps for the nodes whose gain follows the level of their operand.

Neither ffmpeg nor SoX has them as docs/semantics.md defines them. So the graph is cut there: a step
writes the operand, mixdown computes the value from it, and the next step reads that. Nodes in
immediate succession share a step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..ir.graph import Graph
from ..ir.names import Names, printable
from ..ir.nodes import Node, Output, OutputRole
from .carried import CONTAINER, ENCODING, resume
from .own_steps import engine_step
from .plan import File, Step


def dynamics_chains(graph: Graph, names: Collection[str]) -> tuple[tuple[Node, ...], ...]:
    """The nodes among those named whose gain follows a level, each with those right after it.

    In a chain, each node is the only user of the one before.
    """
    chains: dict[str, tuple[Node, ...]] = {}
    for node in graph.nodes:
        if node.name in names and node.follows_level:
            (operand,) = node.operands
            alone = len(graph.users[operand]) == 1
            before = chains.pop(operand, ()) if alone else ()
            chains[node.name] = (*before, node)
    return tuple(chains.values())


def dynamics_depths(graph: Graph) -> Mapping[str, int]:
    """How many nodes whose gain follows a level precede each value, or make it, by its name."""
    depths: dict[str, int] = {}
    for node in graph.nodes:
        before = max(map(depths.__getitem__, node.operands), default=0)
        depths[node.name] = before + node.follows_level
    return depths


def dynamics_step(
    step_id: str, graph: Graph, chain: tuple[Node, ...], operand: File, file: File
) -> Step:
    """The step that computes a chain from the file of its operand."""
    first, last = chain[0], chain[-1]
    name = Names(graph.by_name).take(f"{last.name}.carried")
    output = Output(name, OutputRole.MASTER, name, CONTAINER, ENCODING, operands=(last.name,))
    part = resume(graph, (*chain, output), {first.operands[0]: operand})
    kinds = ", ".join(node.kind for node in chain)
    return engine_step(step_id, f"{kinds}: {printable(last.name)}", part, {name: file})
