"""The table of commands and the modules beside it."""

import importlib
import inspect
from pathlib import Path

import pytest

from homebody.lsp.commands import table

# Not commands: the table itself, and what several commands need.
_OTHERS = {"__init__", "table", "common", "deliver"}


@pytest.mark.parametrize("module", table.MODULES.values(), ids=table.MODULES)
def test_each_command_names_a_module_that_runs_it(module):
    """Each name in the table has a module with a coroutine ``run``."""
    assert inspect.iscoroutinefunction(importlib.import_module(module).run)


def test_each_module_beside_the_table_is_in_it():
    """A command's module that is missing from the table is an error."""
    modules = {path.stem for path in Path(table.__file__).parent.glob("*.py")} - _OTHERS

    assert {f"homebody.lsp.commands.{name}" for name in modules} == set(table.MODULES.values())
