"""The Markdown pages agree with the tree: names, links, the index."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from house import ROOT, imports_of, modules, name_of, project

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def name_in(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0]


def requirements() -> dict[str, list[str]]:
    """The requirements by group; those of run time under ""."""
    about = project()["project"]
    return {"": about["dependencies"], **about["optional-dependencies"]}


def test_every_dependency_is_explained_and_nothing_else():
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    listed = {name_in(entry) for group in requirements().values() for entry in group}
    assert sorted(explained) == sorted(listed)


def test_every_dependency_has_a_lower_bound_and_no_other():
    listed = [entry for group in requirements().values() for entry in group]
    assert not [entry for entry in listed if not re.fullmatch(r"[\w.-]+>=[\d.]+", entry)]


def test_the_oldest_versions_that_ci_tries_are_the_lower_bounds():
    groups = requirements()
    built_with = project()["build-system"]["requires"]
    bounds = {*groups[""], *groups["testing"], *groups["test"], *built_with}
    tried = (ROOT / "tests/support/oldest.txt").read_text(encoding="utf-8").splitlines()
    assert tried[1:] == sorted(bound.replace(">=", "==") for bound in bounds)


def test_the_package_imports_what_it_declares_and_nothing_else():
    """The plugin for pytest may import what its extra brings; so may other extras."""
    plugin = [path for path in modules() if path.parent == ROOT / "testing"]
    inside = {name for path in modules() if path not in plugin for name in foreign_imports(path)}
    assert inside == declared("", "cluster", "plot", "fast", "service")
    assert declared("testing") <= {name for path in plugin for name in foreign_imports(path)}
    assert not {n for path in plugin for n in foreign_imports(path)} - declared("", "testing")


OTHERWISE_NAMED = {"pyyaml": "yaml"}


def declared(*groups: str) -> set[str]:
    """The modules that the requirements of these groups bring."""
    entries = [entry for group in groups for entry in requirements()[group]]
    names = {name_in(entry).split(".")[0].replace("-", "_") for entry in entries}
    return {OTHERWISE_NAMED.get(name, name) for name in names}


def foreign_imports(path: Path) -> set[str]:
    """The third-party modules that a module imports, by their first name."""
    absolute = (statement for statement in imports_of(path) if statement.targets is None)
    names = {statement.text.split()[1].split(".")[0].rstrip(",") for statement in absolute}
    return names - sys.stdlib_module_names


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_index_lists_every_page():
    index = LINK.findall((DOCS / "README.md").read_text(encoding="utf-8"))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"README.md"}
    assert not pages - set(index)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_prose_is_wrapped_at_100_columns(page: Path):
    """Tables, links to other sites, and code and output in fences may be wider."""
    prose = "".join(page.read_text(encoding="utf-8").split("\n```")[::2])
    lines = [line for line in prose.splitlines() if not (line.startswith("|") or "://" in line)]
    assert not [line for line in lines if len(line) > 100]
