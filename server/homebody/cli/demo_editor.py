"""The demo's editor: one file that is open in one server, on pygls' client.

Positions are offsets in code points: the editor negotiates UTF-32.
Imported inside the command, because pygls takes longer to load than all other commands.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from homebody import __version__
from homebody.errors import BackendError
from homebody.text import Document, Span, TextEdit, apply_edits

_CAPABILITIES = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf32]),
    workspace=types.WorkspaceClientCapabilities(apply_edit=True),
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities()
    ),
)
_TOKEN = "explanation"  # noqa: S105 - a progress token
# The server's log is read at its end, so this much of it must fit into the buffer, in bytes.
_MOST_LOG = 2**24


class DemoFailed(BackendError):
    """The server reported an error; the message is the server's."""


class Editor(LanguageClient):
    """One file, and the server's status. Make it with ``open_editor``."""

    def __init__(self, path: Path) -> None:
        super().__init__("homebody demo", __version__, converter_factory=get_converter)
        self.document = Document.create(path.as_uri(), "python", 1, path.read_text("utf-8"))
        self._identifier = types.TextDocumentIdentifier(self.document.uri)
        self._status: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._on_text: Callable[[str], None] = lambda _: None
        features = cast("dict[str, Callable[[Any], object]]", self.protocol.fm.features)
        features["homebody/didChangeStatus"] = self._status.put_nowait
        features[types.PROGRESS] = lambda params: self._on_text(params.value["text"])
        features[types.WORKSPACE_APPLY_EDIT] = self._apply
        features[types.WINDOW_SHOW_MESSAGE] = lambda _: None  # the status has the error

    async def model(self) -> dict[str, Any]:
        """Wait until a model answers; returns the server's status."""
        while "model" not in (status := await self._status.get()):
            if status.get("kind") == "Error":
                raise DemoFailed(status["message"])
        return status

    def change(self, edit: TextEdit) -> Document:
        """Edit the file."""
        before, self.document = self.document, self.document.edited(edit, self.document.version + 1)
        identifier = types.VersionedTextDocumentIdentifier(self.document.version, before.uri)
        change = types.TextDocumentContentChangePartial(_range(before, edit.span), edit.new_text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return self.document

    def focus(self, offset: int) -> None:
        """Report the position of the cursor; the server reads ahead there."""
        params = {"textDocument": self._identifier, "position": _position(self.document, offset)}
        self.protocol.notify("textDocument/didFocus", params)

    async def complete(self, offset: int) -> str:
        """Ask for ghost text; empty if there is none."""
        automatic = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        place = _position(self.document, offset)
        params = types.InlineCompletionParams(automatic, self._identifier, place)
        answer = await self.text_document_inline_completion_async(params)
        items = cast("types.InlineCompletionList", answer).items
        return str(items[0].insert_text) if items else ""

    async def actions(self, span: Span) -> list[str]:
        """List the titles of the code actions for a span."""
        context = types.CodeActionContext(diagnostics=[])
        params = types.CodeActionParams(self._identifier, _range(self.document, span), context)
        return [action.title for action in await self.text_document_code_action_async(params) or ()]

    async def explain(self, span: Span, on_text: Callable[[str], None]) -> dict[str, Any]:
        """Explain a span; ``on_text`` receives the text as it streams."""
        self._on_text = on_text
        return await self.execute("homebody.explain", {"range": _range(self.document, span), "token": _TOKEN})

    async def refactor(self, span: Span, action: str) -> dict[str, Any]:
        """Run an action on a span; ``document`` has the applied edit afterwards."""
        return await self.execute(
            "homebody.refactor", {"range": _range(self.document, span), "action": action, "apply": True}
        )

    async def execute(self, command: str, argument: Mapping[str, object]) -> Any:  # noqa: ANN401 - any JSON
        """Run a command of the server for the file."""
        arguments = [{"textDocument": self._identifier, **argument}]
        return await self.workspace_execute_command_async(types.ExecuteCommandParams(command, arguments))

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        """Show what the server has reported."""
        if server.stderr is not None:
            sys.stderr.write((await server.stderr.read()).decode("utf-8", "replace"))

    def _apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        edits = [
            TextEdit(_span(self.document, edit.range), edit.new_text)
            for edit in (params.edit.changes or {})[self.document.uri]
        ]
        text = apply_edits(self.document.text, edits)
        self.change(TextEdit(Span(0, len(self.document.text)), text))
        return types.ApplyWorkspaceEditResult(applied=True)


@asynccontextmanager
async def open_editor(
    command: Sequence[str], path: Path, options: Mapping[str, object]
) -> AsyncGenerator[Editor]:
    """Start the server and open the file; stop the server when the context ends.

    Raises
    ------
    DemoFailed
        The server answered with an error, or ended.

    """
    editor = Editor(path)
    await editor.start_io(  # pyright: ignore[reportUnknownMemberType] - takes untyped *args
        *command,
        limit=_MOST_LOG,
        start_new_session=os.name != "nt",  # Ctrl-C in a terminal is the parent's
    )
    try:
        await editor.initialize_async(
            types.InitializeParams(
                _CAPABILITIES,
                process_id=os.getpid(),
                root_uri=path.parent.as_uri(),
                initialization_options=dict(options),
            )
        )
        editor.initialized(types.InitializedParams())
        document = editor.document
        item = types.TextDocumentItem(document.uri, document.language_id, document.version, document.text)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
        yield editor
        await editor.shutdown_async(None)
    except (JsonRpcException, RuntimeError) as error:  # pygls raises the second one if the server ended
        raise DemoFailed(str(error)) from error
    finally:
        editor.exit(None)
        await editor.stop()


def _position(document: Document, offset: int) -> types.Position:
    return types.Position(*document.position_of(offset))


def _range(document: Document, span: Span) -> types.Range:
    return types.Range(_position(document, span.start), _position(document, span.end))


def _span(document: Document, place: types.Range) -> Span:
    start, end = (document.offset_at(at.line, at.character) for at in (place.start, place.end))
    return Span(start, end)
