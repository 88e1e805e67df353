"""The server as pytest-lsp's clients see it: pygls' own types, capabilities of real editors."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

URI = "file:///w/app.py"
RUN = [sys.executable, "-c", "import sys; from homebody.cli import main; sys.exit(main())", "lsp"]


def _factory() -> LanguageClient:
    client = make_test_lsp_client()

    @client.feature("homebody/didChangeStatus")
    def _status(_client: LanguageClient, _params: object) -> None:
        """Do nothing; registering the notification is enough."""

    return client


@pytest.fixture(params=["visual-studio-code", "neovim", "emacs"])
async def editor(
    request, environ, scripted, workspace: Path
) -> AsyncIterator[tuple[LanguageClient, types.ServerCapabilities]]:
    """A client with the capabilities of that editor, a document open; and what the server can do."""
    client = await ClientServerConfig(RUN, client_factory=_factory, server_env=dict(environ)).start()
    answer = await client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            root_uri=workspace.as_uri(),
            workspace_folders=[types.WorkspaceFolder(workspace.as_uri(), "workspace")],
            initialization_options=scripted("return width * height"),
        )
    )
    item = types.TextDocumentItem(URI, "python", 1, "def area(width, height):\n    \n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    yield client, answer.capabilities
    await client.shutdown_session()
    await client.stop()


async def test_an_editor_is_offered_what_it_can_show(editor):
    """Ghost text is announced to all, the menu answers where there is none, actions are typed."""
    client, capabilities = editor
    assert capabilities.inline_completion_provider == types.InlineCompletionOptions()
    assert capabilities.position_encoding in {"utf-8", "utf-16", "utf-32"}

    identifier = types.TextDocumentIdentifier(URI)
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            identifier,
            types.Range(types.Position(0, 4), types.Position(0, 4)),
            types.CodeActionContext(diagnostics=[]),
        )
    )
    assert "Write a docstring" in [action.title for action in actions or ()]

    ghost = await client.text_document_inline_completion_async(
        types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            identifier,
            types.Position(1, 4),
        )
    )
    assert isinstance(ghost, types.InlineCompletionList)
    assert [item.insert_text for item in ghost.items] == ["return width * height"]

    menu = await client.text_document_completion_async(
        types.CompletionParams(identifier, types.Position(1, 4))
    )
    assert isinstance(menu, types.CompletionList)
    assert menu.is_incomplete
    (entry,) = menu.items
    assert entry.label == "return width * height"
    assert isinstance(entry.text_edit, types.TextEdit)
    assert entry.text_edit.new_text == "return width * height"
