"""An editor for tests and benchmarks, on pygls' client: plain JSON in and out.

Positions are (line, column) from 0 in code points: the client negotiates UTF-32.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from lsprotocol.converters import get_converter
from pygls.client import JsonRPCClient
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCNotification, JsonRPCProtocol

from homebody.syntax.language import find_by_text
from homebody.text import Document, Span, TextEdit, apply_edits
from support.forked import homebody_command

Json: TypeAlias = dict[str, Any]
OnText: TypeAlias = Callable[[str], None]

# Client capabilities that are declared by default.
CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-32"]},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceEdit": {"documentChanges": True},
    },
    "window": {"workDoneProgress": False},
    "textDocument": {
        "inlineCompletion": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["refactor"]}}},
    },
}
_END_SECONDS = 60.0


class _Protocol(JsonRPCProtocol):
    """Passes every notification on; pygls would warn of those that have no handler."""

    def handle_message(self, message: Any) -> None:
        if isinstance(message, JsonRPCNotification):
            self.fm.server.notice(message.method, message.params)
        else:
            super().handle_message(message)


class Client(JsonRPCClient):
    """One running server. Make it with ``start_client``; ``documents`` have all edits, the server's too."""

    def __init__(self) -> None:
        super().__init__(_Protocol, get_converter)
        self.capabilities: Json = {}
        self.documents: dict[str, Document] = {}
        self.messages: list[str] = []
        self.status: Json = {}
        self.notifications: list[tuple[str, Any]] = []
        self.configuration: object = None
        self.folder_configuration: dict[str, object] = {}
        self.last_id = 0
        self.on_request: dict[str, Any] = self.protocol.fm.features
        self._status_changed = asyncio.Event()
        self._tokens = itertools.count(1)
        self._streams: dict[str, OnText] = {}
        self.on_request |= {
            "workspace/applyEdit": self._apply_edit,
            "workspace/configuration": self._configure,
            "window/workDoneProgress/create": _nothing,
            "client/registerCapability": _nothing,
            "client/unregisterCapability": _nothing,
        }

    async def request(self, method: str, params: object = None) -> Any:
        """Send a request and wait for its result; cancelling this cancels the request."""
        if self.stopped:
            message = "The server has ended."
            raise RuntimeError(message)
        self.last_id = msg_id = self.last_id + 1
        answer = self.protocol.send_request_async(method, params, msg_id)
        # The answer to a cancelled request comes too: pygls must find its future, and nobody else reads it.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": msg_id})
            raise

    def notify(self, method: str, params: object = None) -> None:
        self.protocol.notify(method, params)

    def open(self, path: Path | str, text: str | None = None, language_id: str | None = None) -> Document:
        """Open a file by its path, or the ``text`` of an unsaved document by its URI.

        Without a ``language_id`` the language is derived from the file's name and text.
        """
        uri = path if isinstance(path, str) else _uri(path)
        content = Path(path).read_text("utf-8") if text is None else text
        if language_id is None:
            language = find_by_text(unquote(uri), content)
            language_id = language.ids[0] if language else "plaintext"
        document = self.documents[uri] = Document.create(uri, language_id, 1, content)
        item = {"uri": uri, "languageId": language_id, "version": 1, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return document

    def open_notebook(self, uri: str, cells: Mapping[str, str]) -> None:
        """Open a notebook of Python; ``cells`` are its cells' URIs and texts, in order."""
        items = [
            {"uri": cell, "languageId": "python", "version": 1, "text": text} for cell, text in cells.items()
        ]
        notebook = {"uri": uri, "notebookType": "jupyter-notebook", "version": 1}
        notebook["cells"] = [{"kind": 2, "document": cell} for cell in cells]
        self.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": items})

    def change(self, uri: str, edit: TextEdit) -> Document:
        before = self.documents[uri]
        after = self.documents[uri] = before.edited(edit, before.version + 1)
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": after.version},
                "contentChanges": [{"range": _range(before, edit.span), "text": edit.new_text}],
            },
        )
        return after

    def type(self, uri: str, offset: int, text: str) -> Document:
        """Insert ``text`` at ``offset``, like a keystroke."""
        return self.change(uri, TextEdit(Span(offset, offset), text))

    def close(self, uri: str) -> None:
        del self.documents[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def focus(self, uri: str, line: int, column: int) -> None:
        """Report the position of the user's cursor; the server reads ahead there."""
        position = {"line": line, "character": column}
        self.notify("textDocument/didFocus", {"textDocument": {"uri": uri}, "position": position})

    async def wait_for_model(self, seconds: float = 60.0) -> Json:
        """Wait until a model answers; returns the server's status."""
        async with asyncio.timeout(seconds):
            while "model" not in self.status:
                if self.status.get("kind") == "Error":
                    raise JsonRpcException(self.status["message"])
                self._status_changed.clear()
                await self._status_changed.wait()
        return self.status

    async def complete(self, uri: str, line: int, column: int, *, invoked: bool = False) -> list[Json]:
        """Ask for ghost text at a position; returns LSP's items."""
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column},
            "context": {"triggerKind": 1 if invoked else 2},
        }
        found = await self.request("textDocument/inlineCompletion", params)
        return found["items"]

    async def actions(self, uri: str, span: Span, only: Sequence[str] | None = None) -> list[Json]:
        context: Json = {"diagnostics": []}
        if only is not None:
            context["only"] = list(only)
        params = {
            "textDocument": {"uri": uri},
            "range": _range(self.documents[uri], span),
            "context": context,
        }
        return await self.request("textDocument/codeAction", params)

    async def execute(self, command: str, argument: Mapping[str, object] | None = None) -> Any:
        params = {"command": command, "arguments": [dict(argument or {})]}
        return await self.request("workspace/executeCommand", params)

    async def explain(self, uri: str, span: Span | None = None, *, on_text: OnText | None = None) -> Json:
        """Explain a span, or the whole document; ``on_text`` receives the text as it streams."""
        argument: Json = {"textDocument": {"uri": uri}}
        if span is not None:
            argument["range"] = _range(self.documents[uri], span)
        if on_text is None:
            return await self.execute("homebody.explain", argument)
        token = f"client-{next(self._tokens)}"
        self._streams[token] = on_text
        try:
            return await self.execute("homebody.explain", argument | {"token": token})
        finally:
            del self._streams[token]

    async def refactor(
        self,
        uri: str,
        span: Span,
        *,
        action: str | None = None,
        instruction: str | None = None,
        apply: bool = True,
    ) -> Json:
        """Rewrite a span; ``documents`` has the text with the applied edit afterwards."""
        document = self.documents[uri]
        argument: Json = {
            "textDocument": {"uri": uri, "version": document.version},
            "range": _range(document, span),
            "apply": apply,
        }
        if action is not None:
            argument["action"] = action
        if instruction is not None:
            argument["instruction"] = instruction
        return await self.execute("homebody.refactor", argument)

    def notice(self, method: str, params: Any) -> None:
        self.notifications.append((method, params))
        if method == "window/showMessage":
            self.messages.append(params["message"])
        if method == "homebody/didChangeStatus":
            self.status = params
            self._status_changed.set()
        if method == "$/progress" and (on_text := self._streams.get(params["token"])):
            on_text(params["value"]["text"])

    async def _apply_edit(self, params: Any) -> object:
        """Apply a workspace edit to the open documents, completely or not at all."""
        edited: list[tuple[Document, list[TextEdit]]] = []
        for change in _document_changes(params["edit"]):
            document = self.documents.get(change["textDocument"]["uri"])
            version = change["textDocument"].get("version")
            if document is None or (version is not None and version != document.version):
                return {"applied": False, "failureReason": "The document has changed."}
            edits = [TextEdit(_span(document, edit["range"]), edit["newText"]) for edit in change["edits"]]
            edited.append((document, edits))
        for document, edits in edited:
            text = apply_edits(document.text, edits)
            self.change(document.uri, TextEdit(Span(0, len(document.text)), text))
        return {"applied": True}

    async def _configure(self, params: Any) -> object:
        own = self.folder_configuration
        return [own.get(item.get("scopeUri", ""), self.configuration) for item in params["items"]]

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        if server.stderr is not None:
            sys.stderr.write((await server.stderr.read()).decode("utf-8", "replace"))


@asynccontextmanager
async def start_client(
    command: Sequence[str] | None = None,
    *,
    root: Path | None = None,
    options: Mapping[str, object] | None = None,
    capabilities: Json | None = None,
    environ: Mapping[str, str] | None = None,
    params: Json | None = None,
) -> AsyncGenerator[Client, None]:
    """Start a server and initialize it; stop it when the context ends."""
    client = Client()
    await client.start_io(*(command or [*homebody_command(), "lsp"]), env=environ, limit=2**26)
    uri = _uri(root) if root else None
    try:
        answer = await client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "homebody-tests"},
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": root.name}] if root else None,
                "capabilities": CAPABILITIES if capabilities is None else capabilities,
                "initializationOptions": dict(options or {}),
                **(params or {}),
            },
        )
        client.capabilities = answer["capabilities"]
        client.notify("initialized", {})
        yield client
        with suppress(JsonRpcException, RuntimeError):
            await client.request("shutdown")
            client.notify("exit")
    finally:
        if client.protocol.writer is not None:
            client.protocol.writer.close()
        await asyncio.wait_for(client.stop(), _END_SECONDS)


async def _nothing(_params: object) -> object:
    return None


def _uri(path: Path) -> str:
    return path.absolute().as_uri()


def _range(document: Document, span: Span) -> Json:
    (line, column), (end_line, end_column) = document.position_of(span.start), document.position_of(span.end)
    return {
        "start": {"line": line, "character": column},
        "end": {"line": end_line, "character": end_column},
    }


def _span(document: Document, lsp_range: Json) -> Span:
    start, end = (lsp_range[side] for side in ("start", "end"))
    return Span(
        document.offset_at(start["line"], start["character"]),
        document.offset_at(end["line"], end["character"]),
    )


def _document_changes(edit: Json) -> list[Json]:
    if "documentChanges" in edit:
        return edit["documentChanges"]
    changes: Mapping[str, Any] = edit.get("changes", {})
    return [{"textDocument": {"uri": uri}, "edits": edits} for uri, edits in changes.items()]
