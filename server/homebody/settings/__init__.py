"""Settings from users and editors: one resolved ``Settings``, and problems. Bad content never raises."""

from homebody.settings.backend_schema import BackendSettings, EmbeddedSettings
from homebody.settings.options import Problem
from homebody.settings.schema import (
    ChatSettings,
    CompletionSettings,
    ContextSettings,
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
