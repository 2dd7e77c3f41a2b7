"""Lists of documents: a CSV file with a row for each render.

The first row names the columns. Each is a variable of the document and gives its value; an empty
cell leaves the variable at the document's own value. Two columns have a meaning of their own:
`file` is the path of the document, from the directory of the list, and `output` the name of the
files. A column that makes the name may be missing among the variables. Cells are separated by
commas, semicolons or tabs, whichever the first row has most of.

A row's name is that of the template. Without one it is the column `output`; or the name of its
file; or, where one document is rendered for all rows, the value of the first column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from ...compiler.load import declared_variables
from ...documents.load import read_text
from ...documents.variables import USE
from ...ir.codes import Code
from ...ir.diagnostics import Diagnostic, TimelineError, counted, did_you_mean
from ...ir.origin import Document, Origin, locate_columns
from .model import BatchJob
from .places import is_url

FILE, OUTPUT = "file", "output"
_SEPARATORS = ",;\t"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_USE = re.compile(USE)


@frozen
class _Row:
    """A row of a list: its line, and its values by column."""

    line: int
    cells: Mapping[str, str]


def jobs_of_list(
    path: Path,
    document: str | None,
    template: str | None,
    variables: Mapping[str, str],
    *,
    allow_outside: bool,
) -> tuple[BatchJob, ...]:
    """The jobs of the rows of a list; the arguments are those of `jobs_of`.

    Raises:
        TimelineError: MIX101, MIX110, it cannot be read; MIX113, everything that is wrong with it.
    """
    table = _Table(path, read_text(path))
    columns, rows = table.read()
    if document is None and FILE not in columns:
        table.problem(
            1, f"the list has no column {FILE!r}", "add it, or give one document with --document"
        )
    if document is not None and FILE in columns:
        table.problem(1, f"the list has a column {FILE!r} beside --document", "leave out one")
    if template is not None:
        for use in _USE.findall(template):
            if use[2:-1] not in columns:
                table.problem(1, f"no column {use[2:-1]!r} for --name", did_you_mean(use, columns))
    table.check()
    if template is None:
        default = OUTPUT if OUTPUT in columns else FILE if document is None else columns[0]
        template = f"${{{default}}}"
    naming = {use[2:-1] for use in _USE.findall(template)}
    declared: dict[str, Collection[str]] = {}
    jobs = []
    for row in rows:
        if document is None and not row.cells[FILE]:
            table.problem(row.line, "the row names no file", "fill in the column 'file'")
            continue
        file = document or row.cells[FILE]
        if document is None and not is_url(file):
            file = str(path.parent / file)
        if file not in declared:
            declared[file] = _variables(file, allow_outside=allow_outside)
        others = {FILE, OUTPUT, *naming.difference(declared[file])}
        own = {name: text for name, text in row.cells.items() if text and name not in others}
        name = _filled(template, {**row.cells, FILE: Path(file).stem})
        jobs.append(BatchJob(name=name, document=file, variables={**own, **variables}))
    table.check()
    return tuple(jobs)


def _variables(document: str, *, allow_outside: bool) -> Collection[str]:
    """The names of a document's variables; none if it cannot be read, which its job reports."""
    try:
        return declared_variables(document, allow_outside=allow_outside)
    except TimelineError:
        return ()


def _filled(template: str, values: Mapping[str, str]) -> str:
    """A template with the values of a row."""
    return _USE.sub(lambda use: values[use[0][2:-1]], template)


class _Table:
    """The text of a list, and what is wrong with it."""

    def __init__(self, path: Path, text: str) -> None:
        self._name, self._text = str(path), text.removeprefix("\ufeff")
        self._found: list[Diagnostic] = []

    def problem(self, line: int, message: str, help: str) -> None:
        """Note what is wrong with a line."""
        width = max(len(self._text.split("\n")[line - 1].rstrip("\r")), 1)
        origin = Origin(self._name, f"/{line}/1/{width}")
        self._found.append(Diagnostic(Code.BAD_LIST, message, origin, help))

    def check(self) -> None:
        """Raise what is wrong so far."""
        if self._found:
            document = Document(self._name, self._text, locate_columns)
            raise TimelineError(self._found, {self._name: document})

    def read(self) -> tuple[Sequence[str], Sequence[_Row]]:
        """The names of the columns, and the rows that are not empty.

        Raises:
            TimelineError: MIX113.
        """
        lines = list(self._lines())
        if not lines:
            self.problem(1, "the list is empty", "name the columns in its first row")
        self.check()
        (first, head), *rest = lines
        columns = [name.strip() for name in head]
        while columns and not columns[-1]:
            columns.pop()  # a spreadsheet writes empty columns too
        for name in dict.fromkeys(columns):
            if not _NAME.fullmatch(name):
                message = f"a column is named {name!r}, which is no name of a variable"
                self.problem(first, message, "use letters, digits, _ and -")
            elif columns.count(name) > 1:
                self.problem(first, f"two columns are named {name!r}", "rename one of them")
        rows = []
        for line, cells in rest:
            extra = [cell for cell in cells[len(columns) :] if cell.strip()]
            if extra:
                count = counted(len(cells), "cell")
                message = f"the row has {count}, and the list {counted(len(columns), 'column')}"
                self.problem(line, message, "put a value with a separator in quotes")
            given = [cell.strip() for cell in cells[: len(columns)]]
            given += [""] * (len(columns) - len(given))
            if any(given):
                rows.append(_Row(line, dict(zip(columns, given, strict=True))))
        self.check()
        return columns, rows

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """The rows, each with the line on which it begins."""
        head = self._text.partition("\n")[0]
        separator = max(_SEPARATORS, key=head.count)
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=separator, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.problem(line, f"the list cannot be read: {error}", "close every quote")
                return
            if cells:
                yield line, cells
            line = reader.line_num + 1
