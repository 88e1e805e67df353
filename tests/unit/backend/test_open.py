"""Opening a backend from settings: one class per kind, loaded and connected only when needed."""

from typing import Any

import pytest

from homebody.backend import open_backend
from homebody.backend.resilient import ResilientBackend
from homebody.errors import SettingsError
from homebody.settings import BackendSettings, Settings
from support.llama_double import LlamaDouble
from support.streams import any_prompt


@pytest.mark.parametrize("kind", ["auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai"])
async def test_no_request_is_sent_before_the_first_call(kind: Any):
    with LlamaDouble() as double:
        block = BackendSettings(kind=kind, url=double.url)
        backend = open_backend(block, Settings(), use="completion", passes=any_prompt)
        await backend.aclose()
    assert isinstance(backend, ResilientBackend)
    assert double.connections == 0


def test_a_server_of_no_known_port_needs_its_address():
    with pytest.raises(SettingsError, match=r"needs backend\.url, such as"):
        open_backend(BackendSettings(kind="openai"), Settings(), use="chat", passes=any_prompt)
