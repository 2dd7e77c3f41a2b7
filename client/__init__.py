"""A client of the HTTP service: check, plan, render, follow and download from a program.

It needs no extra and no numpy: importing it is quick. docs/service.md shows how to use it.
"""

from __future__ import annotations

from .client import Client
from .connection import ServiceError
from .records import (
    JobEvent,
    RemoteArtifact,
    RemoteCheck,
    RemoteExplanation,
    RemoteJob,
    RemotePlan,
    ServiceChoices,
)

__all__ = [
    "Client",
    "JobEvent",
    "RemoteArtifact",
    "RemoteCheck",
    "RemoteExplanation",
    "RemoteJob",
    "RemotePlan",
    "ServiceChoices",
    "ServiceError",
]
