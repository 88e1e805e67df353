"""Opens the backend that the settings select.

A server's module, and httpx with it, is loaded when its kind is opened.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import structs

from homebody.backend.base import Backend, OnState, Purpose
from homebody.errors import SettingsError
from homebody.settings import BackendSettings, Settings

if TYPE_CHECKING:
    from homebody.backend.auto import SharedSearch
    from homebody.backend.resilient import Check, Connector, ResilientBackend
    from homebody.backend.servers.base import ServerBackend

DEFAULT_URLS: Mapping[str, str] = {
    "llama.cpp": "http://127.0.0.1:8080",
    "ollama": "http://127.0.0.1:11434",
    "lm-studio": "http://127.0.0.1:1234",
}


def open_backend(
    block: BackendSettings,
    settings: Settings,
    *,
    use: Purpose,
    passes: "Check",
    on_state: OnState | None = None,
    search: "SharedSearch | None" = None,
) -> "ResilientBackend":
    """Make the backend for one use. No request is sent before its first call.

    Parameters
    ----------
    block
        ``settings.completion.backend`` or ``settings.chat.backend``.
    use
        The use, by which ``auto`` chooses a model.
    passes
        Checks the sources and the text of each prompt; what it refuses is not sent.
    on_state
        Called once for each change between ready, loading and unavailable.
    search
        The search of ``auto`` that several uses share.

    Raises
    ------
    SettingsError
        ``backend.url`` or ``backend.model`` is missing or malformed.

    """
    from homebody.backend.resilient import ResilientBackend

    connector = search.connector(use) if search is not None else connector_for(block, settings, use)
    return ResilientBackend(
        connector,
        on_state=on_state,
        patience_seconds=block.timeout_seconds,
        passes=passes,
        models=block.allowed_models,
    )


def shared_search(block: BackendSettings, settings: Settings) -> "SharedSearch":
    """Make the search of ``auto``."""
    from homebody.backend.auto import SharedSearch

    return SharedSearch(block, lambda chosen, use: connector_for(chosen, settings, use))


def connector_for(block: BackendSettings, settings: Settings, use: Purpose) -> "Connector":
    """Make the connector of one kind of backend.

    Raises
    ------
    SettingsError
        ``backend.url`` or ``backend.model`` is missing or malformed.

    """
    if block.kind == "auto":
        return shared_search(block, settings).connector(use)
    if block.kind == "embedded":
        from homebody.backend.embedded import host_connector

        return host_connector(block, settings, use)
    from homebody.backend.resilient import FixedConnector

    return FixedConnector(_open_script(block) if block.kind == "scripted" else _open_server(block, use))


def _open_script(block: BackendSettings) -> Backend:
    from homebody.backend.scripted import ScriptedBackend

    if block.model is None:
        message = 'backend.kind "scripted" needs backend.model, the path of a script (TOML or JSON)'
        raise SettingsError(message)
    return ScriptedBackend.from_file(block.model)


def _open_server(block: BackendSettings, use: Purpose) -> Backend:
    module, name = _SERVERS[block.kind]
    url = block.url or DEFAULT_URLS.get(block.kind)
    if url is None:
        message = f'backend.kind "{block.kind}" needs backend.url, such as "http://127.0.0.1:8000"'
        raise SettingsError(message)
    server: type[ServerBackend] = getattr(import_module(f"homebody.backend.servers.{module}"), name)
    return server(structs.replace(block, url=url), use)


_SERVERS: Mapping[str, tuple[str, str]] = {
    "llama.cpp": ("llama_cpp", "LlamaCppBackend"),
    "ollama": ("ollama", "OllamaBackend"),
    "lm-studio": ("lm_studio", "LmStudioBackend"),
    "openai": ("openai", "OpenAiBackend"),
}
"""Module and class of each kind of server."""
