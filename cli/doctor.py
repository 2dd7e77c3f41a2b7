"""`mixdown doctor`: the programs, kernels and limits that a render meets on this machine."""

from __future__ import annotations

import click

from .options import as_json


@click.command("doctor")
@as_json
def command(as_json: bool) -> int:
    """Show which ffmpeg and SoX are used and what they can do.

    Also shows whether compiled kernels are used, the limits that apply here and the size of the
    cache. Exits with code 1 if no ffmpeg
    can be used. The native backend needs no ffmpeg, and only the sox backend needs SoX.
    """
    from ..render.doctor import examine
    from .app import ExitCode
    from .console import print_json, print_text

    report = examine()
    sound = all(program.tool for program in report.programs if program.name == "ffmpeg")
    if as_json:
        print_json(
            {
                "ok": sound,
                "programs": [
                    {
                        "name": p.name,
                        "path": p.tool.program if p.tool else None,
                        "version": p.tool.version_text if p.tool else None,
                        "found_by": p.tool.found_by if p.tool else None,
                        "abilities": dict(p.abilities),
                        "problem": p.problem,
                    }
                    for p in report.programs
                ],
                "kernels": {
                    "compiled": report.kernels.is_compiled,
                    "reason": report.kernels.reason,
                },
                "limits": {limit.name: limit.value for limit in report.limits},
                "cache": {"path": str(report.cache.root), "bytes": report.cache.size()}
                if report.cache
                else None,
            }
        )
        return ExitCode.OK if sound else ExitCode.NO
    for program in report.programs:
        if program.tool is None:
            print_text(f"{program.name}: {program.problem}")
            continue
        tool = program.tool
        print_text(f"{program.name} {tool.version_text}, from {tool.found_by}: {tool.program}")
        for ability, there in program.abilities.items():
            print_text(f"  {ability}: {'yes' if there else 'no'}")
    kernels = "compiled" if report.kernels.is_compiled else "numpy"
    print_text(f"kernels: {kernels} ({report.kernels.reason})")
    for limit in report.limits:
        value = "no limit" if limit.value is None else f"{limit.value:,}"
        print_text(f"{limit.name}: {value}")
    if report.cache is None:
        print_text("cache: off")
    else:
        print_text(f"cache: {report.cache.size():,} bytes in {report.cache.root}")
    return ExitCode.OK if sound else ExitCode.NO
