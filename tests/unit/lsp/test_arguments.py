"""Arguments of commands and params of notifications: errors name the invalid member."""

import pytest
from lsprotocol.types import ExecuteCommandParams

from homebody.errors import UsageError
from homebody.lsp import arguments
from homebody.lsp.commands.change import Refactor
from homebody.lsp.commands.explain import Explain

RANGE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}


@pytest.mark.parametrize("line", [-1, 2**31, 2**63, 10**30, 1.5, float("inf"), "1", None, True])
def test_a_position_beyond_the_protocol_is_refused(line: object):
    given = {"textDocument": {"uri": "file:///a"}, "position": {"line": line, "character": 0}}
    with pytest.raises(UsageError, match=r"(?i)position\.line"):
        arguments.read("It", given, arguments.DidFocus)


def test_half_a_surrogate_pair_is_replaced_in_texts_and_kept_in_names():
    given = {
        "textDocument": {"uri": "untitled:\ud800"},
        "range": RANGE,
        "instruction": "rename \udfff to x",
    }
    argument = arguments.parse(ExecuteCommandParams("homebody.refactor", [given]), Refactor)
    assert argument.instruction == "rename \ufffd to x"
    assert argument.text_document.uri == "untitled:\ud800"


def test_a_problem_without_text_is_refused():
    given = {"textDocument": {"uri": "file:///a"}, "range": RANGE, "problem": {"message": " "}}
    with pytest.raises(UsageError, match="the `message` of the `problem` is empty"):
        arguments.parse(ExecuteCommandParams("homebody.explain", [given]), Explain)
