"""In: settings from users and editors. Out: one resolved ``Settings`` and a list of problems.

Knows nothing of LSP or models; bad content never stops the program.
"""

from homebody.settings.backend_schema import BackendSettings, EmbeddedSettings
from homebody.settings.load import load_settings
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
    "load_settings",
]
