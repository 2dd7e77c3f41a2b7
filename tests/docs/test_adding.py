"""The pages that walk along a node, a pass and a backend are true to the code."""

from __future__ import annotations

import re

import mixdown
import pytest
from attrs import evolve, frozen
from house import ROOT, modules, name_of
from mixdown.compiler.options import CompileOptions
from mixdown.compiler.passes.base import GraphPass
from mixdown.compiler.passes.simplify import DeadCode
from mixdown.ir.nodes import Place
from mixdown.render.verify import Renderer, verify_mix
from pages import File, read_steps

DEMO = ROOT / "examples" / "podcast" / "podcast.yaml"
LINK = re.compile(r"\]\(\.\./([^)#]+\.py)\)")
SHOWN = re.compile(r"```python\n(@frozen\nclass Downmix.*?)```", re.DOTALL)


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def knows_the_node(path):
    text = path.read_text(encoding="utf-8")
    in_table = path.name == "capabilities.py" and '"downmix"' in text
    return in_table or re.search(r"\bDownmix\b", text) is not None


def test_the_page_names_every_file_that_the_node_is_in():
    named = set(LINK.findall(page("adding-a-node")))
    found = {name_of(path) for path in modules() if knows_the_node(path)}
    assert found
    assert not found - named, f"docs/adding-a-node.md does not name {sorted(found - named)}"


def test_the_class_that_the_page_shows_is_the_class():
    shown = SHOWN.search(page("adding-a-node"))
    assert shown[1] in (ROOT / "ir" / "nodes.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["adding-a-node", "adding-a-pass"])
def test_the_tables_that_the_pages_name_are_in_the_files_that_they_link(name):
    text = page(name)
    code = " ".join((ROOT / file).read_text(encoding="utf-8") for file in LINK.findall(text))
    tables = set(re.findall(r"`([A-Z][A-Z_]{3,})`", text))
    assert tables
    assert not {table for table in tables if table not in code}


@frozen
class SplitPlace(GraphPass):
    """The opposite of the page's pass: two places for one."""

    name = "split-place"

    def rewrite(self, graph):
        def rule(node):
            if not isinstance(node, Place) or node.start < 2:
                return node
            first = evolve(node, name=f"{node.name}.first", start=1)
            return first, evolve(node, start=node.start - 1, operands=(first.name,))

        return graph.rewrite(rule)


def test_the_pass_that_the_page_shows_works_in_a_mix():
    program = re.search(r"```python\n# file: fold_place.py\n(.*?)```", page("adding-a-pass"), re.S)
    names: dict = {}
    exec(program[1], names)
    fold = names["FoldPlace"]()
    split, plain = (
        mixdown.compile(DEMO, pipeline=pipeline).graph for pipeline in ([SplitPlace()], [])
    )
    folded = mixdown.compile(DEMO, pipeline=[SplitPlace(), fold, DeadCode()]).graph
    assert len(split) > len(plain) == len(folded)
    options = CompileOptions(pipeline=[SplitPlace(), fold])
    performers = [
        Renderer("plain", "native", options=CompileOptions(pipeline=())),
        Renderer("folded", "native", options=options),
    ]
    assert all(found.dbfs == float("-inf") for found in verify_mix(DEMO, performers))


def test_the_package_that_the_page_shows_is_the_one_that_is_tested():
    steps = read_steps(ROOT / "docs" / "adding-a-backend.md")
    shown = {step.name: step.text.partition("\n")[2] for step in steps if isinstance(step, File)}
    folder = ROOT / "tests" / "toy_backend"
    files = {
        f"mixdown-toy/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
        for path in folder.rglob("*.*")
        if path.suffix in (".py", ".toml")
    }
    assert {name: text for name, text in shown.items() if name in files} == files
