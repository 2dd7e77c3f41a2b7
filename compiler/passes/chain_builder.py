"""Builds the chain of nodes of one clip, track or bus.

Promises: every value gets a unique name made of its owner's id and what it is, and the place in the
document that asked for it. A `ChainBuilder` is a cursor: each call adds a node whose operand is the
value so far.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field

from ...ir import nodes as ir
from ...ir.curves import PanLaw
from ...ir.names import Names
from ...ir.origin import Origin
from ...ir.units import samples
from ...presets.model import BusPreset, EqBand
from ..geometry import points
from ..timeline.automation import Automation
from ..timeline.model import Clip, Track


@define
class Nodes:
    """Collects nodes under unique names."""

    made: list[ir.Node] = field(factory=list)
    names: Names = field(factory=Names)

    def add(self, node: ir.Node) -> str:
        """Adds the node under its name, with primes where the ids of a document collide."""
        name = self.names.take(node.name)
        self.made.append(node if name == node.name else evolve(node, name=name))
        return name


@define
class ChainBuilder:
    """Builds the chain of one owner.

    Attributes:
        nodes: receives the nodes.
        owner: the first part of the names of values.
        place: the owner's place in the document.
        rate: Hz, for keyframes.
        value: the name of the value so far; "" at the beginning.
    """

    nodes: Nodes
    owner: str
    place: Origin
    rate: int
    value: str = ""

    def begin(self, node: ir.Node) -> None:
        """Starts from a node that has its own operands."""
        self.value = self.nodes.add(node)

    def then(self, kind: type[ir.Node], suffix: str, place: Origin, **attributes: object) -> None:
        """Adds a node of one operand."""
        node = kind(f"{self.owner}.{suffix}", operands=(self.value,), origin=place, **attributes)
        self.value = self.nodes.add(node)

    def gain(self, db: float, place: Origin | None = None) -> None:
        """A static gain, also of 0 dB, which drop-identity removes."""
        self.then(ir.Gain, "gain", place or self.place.child("gain_db"), gain_db=db)

    def envelope(
        self,
        kind: type[ir.Node],
        edge: ir.Edge,
        length: int,
        curve: str,
        place: Origin | None = None,
    ) -> None:
        """A fade or one side of a crossfade; nothing for a length of 0."""
        if length:
            suffix = f"{kind.kind}_{edge.value}"
            place = place or self.place.child(f"{suffix}_ms")
            self.then(kind, suffix, place, edge=edge, length=length, curve=curve)

    def gain_automation(self, automation: Automation, place: Origin | None = None) -> None:
        """Gain automation, if there is any."""
        if automation.gain:
            place = place or self.place.child("automation", "gain")
            moves = points(automation.gain, self.rate)
            self.then(ir.GainAutomation, "gain_automation", place, points=moves)

    def eq(self, bands: Iterable[EqBand]) -> None:
        """Static filters, in their order."""
        for number, band in enumerate(bands):
            self.band(f"eq{number + 1}", band, self.place.child("eq", number))

    def band(self, suffix: str, band: EqBand, place: Origin) -> None:
        """One band: a static filter, or several."""
        biquads = list(band.biquads())
        for number, (shape, hertz, q, gain) in enumerate(biquads, 1):
            name = suffix if len(biquads) == 1 else f"{suffix}.{number}"
            values = {"shape": shape, "frequency_hz": hertz, "q": q, "gain_db": gain}
            self.then(ir.Filter, name, place, **values)

    def movable_filter(self, band: EqBand | None, automation: Automation) -> None:
        """The one filter whose frequency can be automated."""
        if band is None:
            return
        if not automation.filter:
            self.band("filter", band, self.place.child("filter"))
            return
        ((shape, _, q, gain),) = band.biquads()  # validate refuses those of several
        self.then(
            ir.FilterAutomation,
            "filter_automation",
            self.place.child("automation", "filter"),
            shape=shape,
            points=points(automation.filter, self.rate),
            q=q,
            gain_db=gain,
        )

    def dynamics(self, owner: Clip | Track | BusPreset, threshold: Origin) -> None:
        """The gate by level, the de-esser and the compressor of an owner, those that it has.

        `threshold` is where the compressor's threshold comes from.
        """
        gate, deess, compress = owner.gate, owner.deess, owner.compress
        if gate is not None and gate.threshold_db is not None:
            self.then(
                ir.Gate,
                "gate",
                self.place.child("gate"),
                threshold_db=float(gate.threshold_db),
                range_db=float(gate.range_db),
                attack=samples(gate.attack_ms, self.rate),
                hold=samples(gate.hold_ms, self.rate),
                release=samples(gate.release_ms, self.rate),
                look_ahead=samples(gate.look_ahead_ms, self.rate),
            )
        if deess is not None:
            self.then(
                ir.Deess,
                "deess",
                self.place.child("deess"),
                frequency_hz=float(deess.frequency_hz),
                range_db=float(deess.range_db),
                threshold_db=float(deess.threshold_db),
                ratio=float(deess.ratio),
                knee_db=float(deess.knee_db),
                attack=samples(deess.attack_ms, self.rate),
                release=samples(deess.release_ms, self.rate),
            )
        if compress is not None and compress.threshold_db is not None:
            self.then(
                ir.Compress,
                "compress",
                threshold,
                threshold_db=float(compress.threshold_db),
                ratio=float(compress.ratio),
                knee_db=float(compress.knee_db),
                attack=samples(compress.attack_ms, self.rate),
                release=samples(compress.release_ms, self.rate),
                look_ahead=samples(compress.look_ahead_ms, self.rate),
                makeup_db=float(compress.makeup_db),
            )

    def pan(self, position: float, law: PanLaw, automation: Automation) -> None:
        """Pan automation, or a static pan, also at the centre."""
        if automation.pan:
            place = self.place.child("automation", "pan")
            moves = points(automation.pan, self.rate)
            self.then(ir.PanAutomation, "pan_automation", place, points=moves, law=law)
        else:
            self.then(ir.Pan, "pan", self.place.child("pan"), position=position, law=law)
