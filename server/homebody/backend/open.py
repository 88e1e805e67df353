"""The backend that the settings ask for.

In: a resolved block of settings and the use. Out: a ``Backend``, not connected yet.
A server's module, and httpx with it, is loaded when its kind is opened.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from homebody.backend.base import Backend, Slot
from homebody.backend.state import OnState
from homebody.errors import SettingsError
from homebody.settings import BackendSettings, Settings

DEFAULT_URLS: Mapping[str, str] = {
    "llama.cpp": "http://127.0.0.1:8080",
    "ollama": "http://127.0.0.1:11434",
    "lm-studio": "http://127.0.0.1:1234",
}


def open_backend(
    block: BackendSettings, settings: Settings, *, use: Slot, on_state: OnState | None = None
) -> Backend:
    """Make the backend for one use. Nothing is asked of any server before its first call.

    Parameters
    ----------
    block
        ``settings.completion.backend`` or ``settings.chat.backend``.
    use
        What it is for; ``auto`` chooses a model by it.
    on_state
        Called once for each change between ready, loading and unavailable.

    Raises
    ------
    SettingsError
        ``backend.url`` or ``backend.model`` is missing or malformed.

    """
    opened = _OPENERS[block.kind](block, settings, use)
    if block.kind == "scripted":
        return opened
    from homebody.backend.supervise import SupervisedBackend

    return SupervisedBackend(opened, on_state=on_state, patience_seconds=block.timeout_seconds)


_Opener: TypeAlias = Callable[[BackendSettings, Settings, Slot], Backend]


def _open_auto(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    from homebody.backend.discover import AutoBackend

    return AutoBackend(block, settings, use=use)


def open_kind(kind: str, block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    """Open one kind of server, without the telling of its state."""
    return _OPENERS[kind](block, settings, use)


def _open_embedded(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    from homebody.backend.embedded import open_embedded

    return open_embedded(block, settings, use=use)


def _open_llama_cpp(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    del settings, use
    from homebody.backend.servers.llama_cpp import LlamaCppBackend

    return LlamaCppBackend(
        block.url or DEFAULT_URLS["llama.cpp"],
        api_key=block.api_key,
        model=block.model,
        allowed_hosts=block.allowed_hosts,
        timeout_seconds=block.timeout_seconds,
        context_length=block.context_length,
    )


def _open_ollama(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    del settings
    from homebody.backend.servers.ollama import OllamaBackend

    return OllamaBackend(
        block.url or DEFAULT_URLS["ollama"],
        api_key=block.api_key,
        model=block.model,
        allowed_hosts=block.allowed_hosts,
        timeout_seconds=block.timeout_seconds,
        context_length=block.context_length,
        use=use,
    )


def _open_lm_studio(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    del settings
    from homebody.backend.servers.lm_studio import LmStudioBackend

    return LmStudioBackend(
        block.url or DEFAULT_URLS["lm-studio"],
        api_key=block.api_key,
        model=block.model,
        allowed_hosts=block.allowed_hosts,
        timeout_seconds=block.timeout_seconds,
        context_length=block.context_length,
        use=use,
    )


def _open_openai(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    del settings
    from homebody.backend.servers.openai_compatible import OpenAiBackend

    if block.url is None:
        message = 'backend.kind "openai" needs backend.url, such as "http://127.0.0.1:8000"'
        raise SettingsError(message)
    return OpenAiBackend(
        block.url,
        api_key=block.api_key,
        model=block.model,
        allowed_hosts=block.allowed_hosts,
        timeout_seconds=block.timeout_seconds,
        context_length=block.context_length,
        use=use,
    )


def _open_scripted(block: BackendSettings, settings: Settings, use: Slot) -> Backend:
    del settings, use
    from homebody.backend.scripted import ScriptedBackend

    if block.model is None:
        message = 'backend.kind "scripted" needs backend.model, the path of a script (TOML or JSON)'
        raise SettingsError(message)
    return ScriptedBackend.from_file(block.model)


_OPENERS: Mapping[str, _Opener] = {
    "auto": _open_auto,
    "embedded": _open_embedded,
    "llama.cpp": _open_llama_cpp,
    "ollama": _open_ollama,
    "lm-studio": _open_lm_studio,
    "openai": _open_openai,
    "scripted": _open_scripted,
}
