"""An engine over a backend that is always there, behind the gate, and settings for one server."""

from collections.abc import Sequence
from pathlib import Path

from homebody.backend.base import Backend
from homebody.backend.resilient import FixedConnector, ResilientBackend
from homebody.engine import Engine, Use
from homebody.settings import BackendSettings, ChatSettings, CompletionSettings, Settings
from homebody.settings.schema import NextEditSettings


class ScriptedEngine(Engine):
    """An engine whose uses are one given backend."""

    def __init__(
        self, backend: Backend, settings: Settings | None = None, folders: Sequence[Path] = ()
    ) -> None:
        super().__init__(settings or Settings(), folders)
        gated = ResilientBackend(FixedConnector(backend), patience_seconds=0, passes=self.gate.check)
        self._uses = dict.fromkeys(("completion", "chat"), Use(gated))


def settings_for(block: BackendSettings) -> Settings:
    """Return settings with this server for every use, and without a debounce."""
    return Settings(
        backend=block,
        completion=CompletionSettings(backend=block, debounce_ms=0),
        next_edit=NextEditSettings(backend=block),
        chat=ChatSettings(backend=block),
    )
