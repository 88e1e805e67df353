"""Actions of the fuzzer's editor, drawn by Hypothesis, and the laws that must hold."""

import json
from typing import Any

from driver import Broken, Driver, Json
from editor import Editor, position
from hypothesis import strategies as st

REPLIES: list[Json] = [
    {"text": "return width * height", "probability": 0.95, "contains": "def "},
    {"text": "x + 1\n    y = 2\n", "probability": 0.9},
]
URIS = (
    "file:///w/app.py",
    "file:///w/b.js",
    "untitled:Untitled-1",
    "file:///w/a%00b.py",
    "file:///w/%ff.py",
    "file:///w/" + "x" * 300,
    "file://[",
    "//[",
    "git:/w/app.py",
    "untitled:\ud800",
    "",
)
NOTEBOOK = "file:///w/book.ipynb"
CELLS = tuple(f"vscode-notebook-cell:/w/book.ipynb#{number}" for number in range(4))
COMMANDS = ("explain", "refactor", "showPrompt", "status", "toggle", "acceptCompletion", "nix")

_pieces = st.sampled_from(
    ["a", "x = 1", "\n", "\r\n", "\r", "    ", "def f(a):", "(", '"""', "é", "日本", "🎉", "\ud83c", "\udf89",
     "\u2028", "\0", "<|im_start|>", "# " + "x" * 200, "y" * 3000, "\t", "}", "'"]
)  # fmt: skip
_texts = st.lists(_pieces, max_size=6).map("".join)
_offsets = st.integers(0, 10_000)
_edits = st.lists(st.tuples(_offsets, st.integers(0, 12), _texts), min_size=1, max_size=4)
_uris = st.sampled_from([*URIS, *URIS[:3], *URIS[:3], *CELLS[:2]])
_numbers = st.sampled_from([0, 1, 3, 40, 2**31 - 1, 2**31, 2**53, -1, 1.5, None, "1"])
_garbage = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | _uris,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("textDocument", "uri", "position", "context", "command", "arguments", "item", "token"),
                    *("id", "jsonrpc", "method", "params", "error"),
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_NOTICES = (
    *("textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didFocus"),
    *("notebookDocument/didChange", "workspace/didChangeConfiguration", "window/workDoneProgress/cancel"),
    *("$/cancelRequest", "$/setTrace", "initialized", "exit"),
)
_REQUESTS = ("initialize", "shutdown", "textDocument/inlineCompletion", "workspace/executeCommand")
_GARBLED = (b"{", b"[]", b"\xff", b"{}", b'{"id":1e999,"method":"x"}')
ACTIONS = st.one_of(
    st.tuples(st.just("open"), _uris, _texts),
    st.tuples(st.just("edit"), _uris, _edits),
    st.tuples(st.just("edit"), _uris, _edits),
    st.tuples(st.just("replace"), _uris, _texts),
    st.tuples(st.just("storm"), _uris, st.integers(1, 8)),
    st.tuples(st.just("back"), _uris, _edits),
    st.tuples(st.just("close"), _uris),
    st.tuples(st.just("complete"), _uris, _offsets, st.sampled_from([1, 2, 2])),
    st.tuples(st.just("complete"), _uris, _offsets, st.sampled_from([1, 2, 2])),
    st.tuples(st.just("menu"), _uris, _offsets),
    st.tuples(st.just("far"), _uris, _numbers, _numbers),
    st.tuples(st.just("actions"), _uris, _offsets),
    st.tuples(st.just("command"), _uris, st.sampled_from(COMMANDS), _offsets),
    st.tuples(st.just("command"), _uris, st.sampled_from(("explain", "refactor")), _offsets),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("stop")),
    st.tuples(st.just("notice"), _uris, _numbers),
    st.tuples(st.just("book"), st.integers(1, 4), _texts),
    st.tuples(st.just("cells"), st.integers(0, 3), st.integers(0, 3), _texts),
    st.tuples(st.just("close book")),
    st.tuples(st.just("garbage"), st.sampled_from(["textDocument/inlineCompletion", "x", ""]), _garbage),
    st.tuples(st.just("swapped"), st.sampled_from(_NOTICES), st.sampled_from(_REQUESTS), _uris, _garbage),
    st.tuples(st.just("answer"), st.integers(0, 3), _garbage),
    st.tuples(st.just("garbled"), st.sampled_from(_GARBLED)),
    st.tuples(st.just("check")),
)  # fmt: skip
# Actions that need an open document.
_OPEN = frozenset({"edit", "replace", "storm", "back", "complete", "menu", "actions", "command"})
SESSIONS = st.lists(ACTIONS, min_size=20, max_size=60)


class Session:
    """One editor with one server; documents are closed at the end, so the next session starts without any."""

    def __init__(self, driver: Driver, encoding: str) -> None:
        self.driver = driver
        self.editor = Editor(encoding)
        driver.on_edit = self.editor.apply

    async def play(self, actions: list[tuple[Any, ...]]) -> None:
        """Run all actions, then check the laws."""
        self._open(URIS[0], "def area(width):\n    \n")
        self._book(2, "x = ")
        for name, *arguments in actions:
            if name == "check":
                await self._check()
            else:
                if name in _OPEN:
                    arguments[0] = self._one_open(arguments[0])
                getattr(self, f"_{name.replace(' ', '_')}")(*arguments)
        await self._check()
        self._close_book()
        for uri in list(self.editor.texts):
            self._close(uri)
        self.driver.ask("workspace/executeCommand", _command("toggle", {"enabled": True}))
        await self.driver.settle()

    def _one_open(self, uri: str) -> str:
        """An open document in place of one that is not, most of the time."""
        texts = list(self.editor.texts)
        return uri if uri in texts or uri == URIS[-1] or not texts else texts[len(uri) % len(texts)]

    async def _check(self) -> None:
        """The server has exactly the editor's texts, and none of those that it cannot know."""
        await self.driver.settle()
        for uri, held in self.editor.texts.items():
            found = await self.driver.result("fuzz/text", {"uri": uri})
            is_served = held.text is not None and "\0" not in held.text and self.editor.is_served(uri)
            expected = {"version": held.version, "text": held.text} if is_served else None
            # A refactoring may be applied while the answer is on its way.
            if found != expected and self.editor.texts[uri].version == held.version:
                message = f"{uri!r}: the server holds {found!r}, the editor {expected!r}"
                raise Broken(message)

    def _open(self, uri: str, text: str) -> None:
        if uri not in self.editor.texts and uri not in CELLS:
            self._tell("textDocument/didOpen", {"textDocument": self.editor.open(uri, text)})

    def _edit(self, uri: str, edits: list[tuple[int, int, str]]) -> None:
        if uri in self.editor.texts:
            self._change(uri, self.editor.edit(uri, edits))

    def _replace(self, uri: str, text: str) -> None:
        if uri in self.editor.texts:
            self._change(uri, self.editor.replace(uri, text))

    def _storm(self, uri: str, count: int) -> None:
        """Type, and delete all of it, with a request at each keystroke."""
        for _ in range(count):
            self._edit(uri, [(0, 0, "xy")])
            self._complete(uri, 2, 2)
        for _ in range(count):
            self._edit(uri, [(0, 2, "")])
            self._complete(uri, 0, 2)

    def _back(self, uri: str, edits: list[tuple[int, int, str]]) -> None:
        """Send a change that is older than the previous one."""
        if uri in self.editor.texts and uri not in CELLS:
            self._change(uri, self.editor.edit(uri, edits, step=-1))

    def _close(self, uri: str) -> None:
        if uri in CELLS:
            return
        self.editor.texts.pop(uri, None)
        self._tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _complete(self, uri: str, at: int, kind: int) -> None:
        context: Json = {"triggerKind": kind}
        if at % 5 == 0:
            context["selectedCompletionInfo"] = {"range": self._range(uri, at), "text": "print\ud83c"}
        self.driver.ask("textDocument/inlineCompletion", self._place(uri, at) | {"context": context})

    def _menu(self, uri: str, at: int) -> None:
        self.driver.ask("textDocument/completion", self._place(uri, at))

    def _far(self, uri: str, line: object, character: object) -> None:
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        self.driver.ask("textDocument/inlineCompletion", place | {"context": {"triggerKind": 2}})
        self._tell("textDocument/didFocus", place)

    def _actions(self, uri: str, at: int) -> None:
        params = {"textDocument": {"uri": uri}, "range": self._range(uri, at), "context": {"diagnostics": []}}
        self.driver.ask("textDocument/codeAction", params)

    def _command(self, uri: str, name: str, at: int) -> None:
        argument: Json = {"textDocument": {"uri": uri}}
        match name:
            case "explain":
                argument |= {"range": self._range(uri, at), "token": f"stream-{at}"}
            case "refactor":
                argument |= {"range": self._range(uri, at), "instruction": "tidy \udc00"}
            case "toggle":
                argument = {"languageId": "javascript"}
            case "acceptCompletion":
                argument = {"id": str(at)}
            case "status":
                argument = {}
        token = {"workDoneToken": at % 3} if at % 4 == 0 else {}
        self.driver.ask("workspace/executeCommand", _command(name, argument) | token)

    def _cancel(self, index: int) -> None:
        newest = self.driver.newest
        self._tell("$/cancelRequest", {"id": newest[-1 - index] if index < len(newest) else index})

    def _stop(self) -> None:
        token = self.driver.tokens[-1] if self.driver.tokens else 1
        self._tell("window/workDoneProgress/cancel", {"token": token})

    def _notice(self, uri: str, number: object) -> None:
        self._tell("textDocument/didSave", {"textDocument": {"uri": uri}})
        self._tell("textDocument/didFocus", {"textDocument": {"uri": uri}})
        self._tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 1 + len(uri) % 3}]})
        item = {"command": {"arguments": [{"id": uri}]}}
        self._tell("textDocument/didShowCompletion", {"item": item})
        self._tell("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": number})

    def _book(self, count: int, text: str) -> None:
        if self.editor.notebooks:
            return
        cells = list(CELLS[:count])
        self.editor.notebooks[NOTEBOOK] = cells
        book = {
            "uri": NOTEBOOK,
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 2, "document": cell} for cell in cells],
        }
        items = [self.editor.open(cell, text) for cell in cells]
        self._tell("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": items})

    def _cells(self, start: int, count: int, text: str) -> None:
        """Remove cells and insert one of those that are not in the notebook."""
        if (cells := self.editor.notebooks.get(NOTEBOOK)) is None:
            return
        start = min(start, len(cells))
        removed = cells[start : start + count]
        added = [cell for cell in CELLS if cell not in cells][:1]
        cells[start : start + count] = added
        for cell in removed:
            del self.editor.texts[cell]
        items = [self.editor.open(cell, text) for cell in added]
        array = {
            "start": start,
            "deleteCount": len(removed),
            "cells": [{"kind": 2, "document": cell} for cell in added],
        }
        structure = {"array": array, "didOpen": items, "didClose": [{"uri": cell} for cell in removed]}
        self._tell_book({"structure": structure})

    def _close_book(self) -> None:
        if (cells := self.editor.notebooks.pop(NOTEBOOK, None)) is None:
            return
        for cell in cells:
            del self.editor.texts[cell]
        identifiers = [{"uri": cell} for cell in cells]
        params = {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": identifiers}
        self._tell("notebookDocument/didClose", params)

    def _garbage(self, method: str, params: object) -> None:
        self.driver.ask(method, params)
        self._tell(method, params)
        self._tell("workspace/didChangeWorkspaceFolders", params)

    def _swapped(self, notice: str, request: str, uri: str, params: object) -> None:
        """Send a notification's method as a request, and a request's method as a notification."""
        item = {"uri": uri, "languageId": "python", "version": 9, "text": "swapped"}
        self.driver.ask(notice, {"textDocument": item, "contentChanges": [{"text": "swapped"}], "id": 1})
        self.driver.ask(notice, params)
        self._tell(request, {"textDocument": item, "command": "homebody.toggle", "capabilities": {}})
        self._tell(request, params)

    def _answer(self, index: int, result: object) -> None:
        """Send a response that the server does not expect, also with the id of a request of this editor."""
        newest = self.driver.newest
        msg_id = newest[-1 - index] if index < len(newest) else str(index)
        self.driver.send({"jsonrpc": "2.0", "id": msg_id, "result": result})

    def _garbled(self, body: bytes) -> None:
        self.driver.send_body(body)

    def _change(self, uri: str, params: Json) -> None:
        if uri in CELLS:
            content = {"document": params["textDocument"], "changes": params["contentChanges"]}
            self._tell_book({"textContent": [content]})
        else:
            self._tell("textDocument/didChange", params)

    def _tell_book(self, cells: Json) -> None:
        book = {"uri": NOTEBOOK, "version": self.driver.sent}
        self._tell("notebookDocument/didChange", {"notebookDocument": book, "change": {"cells": cells}})

    def _tell(self, method: str, params: object) -> None:
        self.driver.notify(method, params)

    def _place(self, uri: str, at: int) -> Json:
        return {"textDocument": {"uri": uri}, "position": self._range(uri, at)["start"]}

    def _range(self, uri: str, at: int) -> Json:
        held = self.editor.texts.get(uri)
        text = (held.text if held else None) or ""
        start = at % (len(text) + 1)
        return {
            "start": position(text, start, self.editor.encoding),
            "end": position(text, min(start + at % 50, len(text)), self.editor.encoding),
        }


def _command(name: str, argument: Json) -> Json:
    return json.loads(json.dumps({"command": f"homebody.{name}", "arguments": [argument]}))
