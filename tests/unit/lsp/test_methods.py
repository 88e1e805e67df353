"""What the server announces."""

import pytest

from homebody.lsp.methods import COMMANDS, create_server
from support.wire import Wire


async def announced(client: dict[str, object]) -> dict[str, object]:
    wire = Wire()
    wire.server = create_server()
    wire.server.protocol.set_writer(wire)
    answer = await wire.ask("initialize", {"processId": None, "rootUri": None, "capabilities": client})
    assert wire.server.documents.encoding == answer["result"]["capabilities"]["positionEncoding"]
    return answer["result"]["capabilities"]


async def test_every_method_is_announced_with_its_options():
    """The whole answer: an editor asks for nothing that is not in it."""
    assert await announced({"notebookDocument": {"synchronization": {}}}) == {
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
        "notebookDocumentSync": {"notebookSelector": [{"notebook": "*"}]},
        "completionProvider": {"triggerCharacters": [".", "(", "[", "=", ","]},
        "inlineCompletionProvider": {},
        "codeActionProvider": {"codeActionKinds": ["refactor", "quickfix", "source"]},
        "executeCommandProvider": {"commands": list(COMMANDS), "workDoneProgress": True},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True},
            "fileOperations": {},
        },
    }


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [([], "utf-16"), (["utf-7"], "utf-16"), (["utf-7", "utf-8", "utf-16"], "utf-8"), (["utf-32"], "utf-32")],
)
async def test_the_clients_first_known_encoding_is_chosen(offered: list[str], chosen: str):
    client = {"general": {"positionEncodings": offered}}
    assert (await announced(client))["positionEncoding"] == chosen
