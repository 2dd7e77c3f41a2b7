"""Runs a plan from its JSON, as a program would that knows nothing of mixdown."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

INLINE = 100_000
READING = re.compile(r"^(lavfi\.r128\.I)=(\S+)$", re.MULTILINE)


def run_json(
    plan: Mapping[str, Any], spaces: Mapping[str, Path], ffmpeg: str, margin_db: float = 0.0
) -> None:
    """Checks the sources, then runs every step once.

    Where a loudness is to be reached, it uses the gain that gives it if nothing is limited.

    Args:
        plan: what json.loads made of `mixdown compile --format json`.
        spaces: the directories of SRC, WORK and OUT.
        ffmpeg: the program.
        margin_db: of the limiter.
    """
    for source in plan["sources"]:
        content = located(source["file"], spaces).read_bytes()
        assert source["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}", source["file"]
    facts: dict[str, float] = {}
    for step in plan["steps"]:
        for script in step["scripts"]:
            located(script["file"], spaces).write_text(script["text"])
        argv = [text(arg, spaces, facts) for arg in step["argv"]]
        for number, arg in enumerate(argv):
            if len(arg) > INLINE:
                graph = spaces["WORK"] / f"{step['id']}.graph"
                graph.write_text(arg)
                argv[number - 1 : number + 1] = [file_option(ffmpeg), str(graph)]
        assert step["program"] == "ffmpeg"
        done = subprocess.run([ffmpeg, *argv], capture_output=True, text=True, check=True)
        goal = plan["loudness"]
        if goal and step["id"] == goal["measure"]:
            (*_, (_, loudness)) = READING.findall(done.stdout)
            facts[goal["gain_fact"]] = round(goal["target_lufs"] - float(loudness), 4)
            facts[goal["margin_fact"]] = margin_db


def text(arg: Any, spaces: Mapping[str, Path], facts: Mapping[str, float]) -> str:
    match arg:
        case {"file": file}:
            return str(located(file, spaces))
        case {"fact": name}:
            return repr(facts[name])
        case {"text": parts}:
            return "".join(text(part, spaces, facts) for part in parts)
        case {"graph": chains}:
            return ";".join(text({"text": chain}, spaces, facts) for chain in chains)
        case str():
            return arg
    raise AssertionError(arg)


def located(file: str, spaces: Mapping[str, Path]) -> Path:
    space, path = re.fullmatch(r"\$\{(\w+)\}/(.*)", file, re.DOTALL).groups()
    return spaces[space] / path


def file_option(ffmpeg: str) -> str:
    banner = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True).stdout
    is_old = re.match(r"ffmpeg version [56]\.", banner)
    return "-filter_complex_script" if is_old else "-/filter_complex"
