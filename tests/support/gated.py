"""An engine over a backend that is always there, behind the gate."""

from collections.abc import Sequence
from pathlib import Path

from homebody.backend.base import Backend
from homebody.backend.resilient import FixedConnector, ResilientBackend
from homebody.engine import Engine, Use
from homebody.settings import Settings


class ScriptedEngine(Engine):
    """An engine whose uses are one given backend."""

    def __init__(
        self, backend: Backend, settings: Settings | None = None, folders: Sequence[Path] = ()
    ) -> None:
        super().__init__(settings or Settings(), folders)
        gated = ResilientBackend(FixedConnector(backend), patience_seconds=0, passes=self.gate.check)
        self._uses = dict.fromkeys(("completion", "chat"), Use(gated))
