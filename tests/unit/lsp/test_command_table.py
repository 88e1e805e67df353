"""The table of commands and the modules beside it."""

import importlib
import inspect

import pytest

from homebody.lsp.commands.table import COMMANDS


@pytest.mark.parametrize("place", COMMANDS.values(), ids=COMMANDS)
def test_each_command_names_a_coroutine(place):
    module, _, function = place.partition(":")
    loaded = importlib.import_module(f"homebody.lsp.commands.{module}")
    assert inspect.iscoroutinefunction(getattr(loaded, function))
