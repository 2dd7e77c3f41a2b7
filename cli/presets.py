"""`mixdown presets`: what there is to choose from."""

from __future__ import annotations

import click

from .options import as_json


@click.command("presets")
@click.argument("kind", type=click.Choice(["export", "bus"]), required=False)
@as_json
def command(kind: str | None, as_json: bool) -> None:
    """Show the export and mix presets.

    Export presets say how a mix is delivered, mix presets which bus takes which roles, in the order
    of the sum and of the stems.
    """
    from ..presets.load import export_presets, mix_presets
    from .console import print_json, print_table

    shown = (kind,) if kind else ("export", "bus")
    if as_json:
        import attrs

        data = {
            "export": [attrs.asdict(preset) for preset in export_presets().values()],
            "bus": [attrs.asdict(preset) for preset in mix_presets().values()],
        }
        print_json({name: data[name] for name in shown})
        return
    if "export" in shown:
        print_table(
            ("export preset", "use", "file", "dither", "LUFS", "ceiling", "headroom dB"),
            [
                (
                    preset.id,
                    preset.use,
                    f"{preset.container} {preset.encoding.value}",
                    "yes" if preset.dither else "no",
                    "as mixed" if preset.lufs is None else f"{preset.lufs:g}",
                    f"{preset.ceiling_db:g} {_UNITS[preset.limit.value]}",
                    f"{preset.headroom_db:g}",
                )
                for preset in export_presets().values()
            ],
            numbers=3,
        )
    if len(shown) > 1:
        click.echo()
    if "bus" in shown:
        print_table(
            ("mix preset", "bus", "roles", "equaliser", "gain dB", "pan"),
            [
                (
                    mix.id if index == 0 else "",
                    bus.id,
                    ", ".join(bus.roles),
                    ", ".join(f"{band.kind.value} {band.frequency_hz:g} Hz" for band in bus.eq),
                    f"{bus.gain_db:g}",
                    f"{bus.pan:g}",
                )
                for mix in mix_presets().values()
                for index, bus in enumerate(mix.buses)
            ],
            numbers=2,
        )


_UNITS = {"true_peak": "dBTP", "sample_peak": "dBFS"}
