"""Settings from users and editors: one resolved ``Settings``, and problems. Bad content never raises."""

from homebody.settings.options import Problem
from homebody.settings.schema import (
    BackendSettings,
    ChatSettings,
    CompletionSettings,
    ContextSettings,
    EmbeddedSettings,
    LogSettings,
    Settings,
)

__all__ = [
    "BackendSettings",
    "ChatSettings",
    "CompletionSettings",
    "ContextSettings",
    "EmbeddedSettings",
    "LogSettings",
    "Problem",
    "Settings",
]
