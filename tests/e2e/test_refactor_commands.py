"""Refactorings with the real process: offered, refined and created in the form that the editor supports."""

import json

from homebody.text import Span
from support.editor import CAPABILITIES

URI = "file:///w/app.py"
CODE = "import os\n\n\ndef area(width, height):\n    result = width * height\n    return result\n"
HEADER = Span(15, 15)
IN_BODY = Span(CODE.index("result ="), CODE.index("result ="))
LITERALS = {"codeActionKind": {"valueSet": ["refactor", "quickfix"]}}
DISABLED = CAPABILITIES | {
    "textDocument": {"codeAction": {"codeActionLiteralSupport": LITERALS, "disabledSupport": True}}
}
CREATES = CAPABILITIES | {
    "workspace": CAPABILITIES["workspace"]
    | {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}}
}
SMALL = "SmolLM2-135M"


async def test_an_automatic_lightbulb_lists_only_fitting_actions(serve):
    async with serve("It multiplies.", opens={URI: CODE}) as client:
        await client.explain(URI)  # the lightbulb does not wait for the first parse
        assert await _titles(client, IN_BODY, triggerKind=2) == []
        assert await _titles(client, Span(0, 0), triggerKind=2) == []
        assert "Write a docstring" in await _titles(client, HEADER, triggerKind=2)
        assert "Simplify" in await _titles(client, Span(IN_BODY.start, IN_BODY.start + 20), triggerKind=2)
        assert "Write a docstring" in await _titles(client, IN_BODY, triggerKind=1)


async def test_a_problem_can_be_fixed(serve):
    found = [
        {
            "range": {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 10}},
            "message": "result is\nunbound",
        }
    ]
    fixed = "```python\n    outcome = width * height\n```"
    async with serve([{"contains": "Line 5, error: result is unbound", "text": fixed}]) as client:
        client.open(URI, CODE)
        assert "Fix this problem" not in await _titles(client, IN_BODY)
        actions = await _actions(client, IN_BODY, diagnostics=found)
        fix = actions[0]
        assert (fix["title"], fix["kind"], fix["diagnostics"]) == ("Fix this problem", "quickfix", found)
        (argument,) = fix["command"]["arguments"]
        line = {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 0}}
        result = await client.execute("homebody.refactor", argument | {"range": line, "apply": False})
        assert result["status"] == "ready"


async def test_every_model_explains_a_problem(serve, tmp_path):
    """Also one that is too small to fix it, and for the lightbulb."""
    found = [
        {
            "range": {"start": {"line": 5, "character": 11}, "end": {"line": 5, "character": 17}},
            "message": "result is unbound",
            "source": "checker",
        }
    ]
    async with serve("It was never set.", settings=_small(tmp_path), opens={URI: CODE}) as client:
        await client.explain(URI)
        (explain,) = await _actions(client, IN_BODY, diagnostics=found, triggerKind=2)
        (argument,) = explain["command"]["arguments"]
        result = await client.execute("homebody.explain", argument | {"show": False})
        prompt = (await client.execute("homebody.showPrompt"))["text"]

    assert (explain["title"], explain["kind"]) == ("Explain this problem", "quickfix")
    assert result["markdown"]
    assert "checker: result is unbound" in prompt


async def test_actions_too_hard_for_the_model_are_last_or_missing(serve, tmp_path):
    """Disabled with the reason if the editor shows such actions; the first entry works."""
    for capabilities in (CAPABILITIES, DISABLED):
        async with serve(settings=_small(tmp_path), capabilities=capabilities, opens={URI: CODE}) as client:
            await client.explain(URI)
            actions = await _actions(client, HEADER)
            able = [action["title"] for action in actions if "disabled" not in action]
            assert able == ["Write a docstring", "Explain"]
            assert [action["title"] for action in actions][:2] == able
            if capabilities is DISABLED:
                last = actions[-1]
                assert last["disabled"]["reason"].startswith("This needs a larger model than SmolLM2-135M")
                assert last["command"]["arguments"][0]["action"] == "write-tests"


async def test_parts_of_large_code_that_stay_as_they_are_are_named(serve):
    """An editor shows the edit, in which a missing part does not stand out."""
    code = "".join(f"def f{n}(a):\n    b = a\n    return b * {n}\n\n\n" for n in range(40))
    replies = [
        {
            "regex": rf"This is the Python code:\n\n```python\ndef f{n}\(a\):[^`]*```",
            "text": "I would not." if n in {3, 4} else f"```python\ndef f{n}(a):\n    return a * {n}\n```",
        }
        for n in range(40)
    ]
    async with serve(replies, context_length=700, opens={URI: code}) as client:
        result = await client.refactor(URI, Span(0, len(code)), instruction="shorter")

        assert result["status"] == "applied"
        [message] = client.messages
        assert message.startswith("Lines 16 to 18 (and 1 more) stay as they are: ")


async def test_a_result_is_refined_after_it_was_applied(serve):
    async with serve(_refining(), opens={URI: CODE}) as client:
        first = await client.refactor(URI, _lines(4, 5), instruction="swap")
        assert "height * width" in client.documents[URI].text
        client.type(URI, 0, "# mine\n")
        second = await client.execute("homebody.refine", {"edit": first["id"], "instruction": "shorter"})
        assert second["status"] == "applied"
        assert client.documents[URI].text == "# mine\n" + CODE.replace(
            "    result = width * height\n    return result\n", "    return height * width\n"
        )


async def test_a_result_whose_code_was_changed_by_hand_is_not_refined(serve):
    """No request is sent for an edit that could not be applied."""
    async with serve(_refining(), opens={URI: CODE}) as client:
        first = await client.refactor(URI, _lines(4, 5), instruction="swap", apply=False)
        client.type(URI, CODE.index("result ="), "my_")
        refused = await client.execute("homebody.refine", {"edit": first["id"], "instruction": "shorter"})
        assert refused["status"] == "refused"
        assert "The code was edited" in refused["reason"]
        shown = await client.execute("homebody.showPrompt")
        assert "shorter" not in shown["text"]


async def test_a_reviewed_change_is_merged_into_the_document_as_it_is_now(serve):
    """Also by a server that has not made it; the half that the user took back stays out."""
    shorter = CODE.replace("    result = width * height\n    return result\n", "    return height * width\n")
    async with serve(_refining(), opens={URI: CODE}) as client:
        first = await client.refactor(URI, _lines(4, 5), instruction="shorter", apply=False)
        assert first["proposal"] == {"uri": URI, "before": CODE, "after": shorter}
    async with serve() as client:
        closed = await _merge(client, CODE, shorter)
        assert (closed["status"], "not open in the editor" in closed["reason"]) == ("refused", True)
        client.open(URI, "# mine\n" + CODE)
        assert (await _merge(client, CODE, shorter))["status"] == "ready"
        assert client.documents[URI].text == "# mine\n" + shorter
        client.type(URI, client.documents[URI].text.index("height * width"), "-")
        refused = await _merge(client, shorter, CODE)
        assert (refused["status"], "edited meanwhile" in refused["reason"]) == ("refused", True)
        imports = CODE.replace("import os", "import sys")
        assert (await _merge(client, CODE, imports))["status"] == "ready"
        assert client.documents[URI].text == "# mine\n" + shorter.replace("os", "sys").replace(
            "height *", "-height *"
        )


async def test_tests_become_a_new_file(serve, workspace):
    """The file is next to the document, never replaces one, and is in the result if it cannot be created."""
    path = workspace / "area.py"
    path.write_text(CODE)
    (workspace / "test_area.py").write_text("# mine\n")
    tests = "from area import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    answer = f"```python\n{tests}```"
    uri = path.as_uri()
    for capabilities, status in ((CREATES, "applied"), (CAPABILITIES, "ready")):
        edits = []

        async def keep(params, edits=edits):
            edits.append(params["edit"])
            return {"applied": True}

        async with serve(answer, capabilities=capabilities) as client:
            client.on_request["workspace/applyEdit"] = keep
            client.open(uri, CODE)
            result = await client.refactor(uri, HEADER, action="write-tests")
            assert result["status"] == status
            (edit,) = edits or [result["edit"]]
            create, insert = edit["documentChanges"]
            assert (create["kind"], create["uri"]) == ("create", (workspace / "test_area_2.py").as_uri())
            assert create["options"] == {"overwrite": False, "ignoreIfExists": False}
            assert insert["edits"][0]["newText"] == tests
            if not edits:
                assert result["proposal"] == {"uri": create["uri"], "before": None, "after": tests}


async def _merge(client, before, after):
    """Merge a change, and apply what has to be done."""
    argument = {"textDocument": {"uri": URI}, "before": before, "after": after}
    result = await client.execute("homebody.merge", argument)
    if "edits" in result:
        await client.on_request["workspace/applyEdit"]({"edit": {"changes": {URI: result["edits"]}}})
    return result


def _refining():
    return [
        {"contains": "shorter", "text": "```python\n    return height * width\n```"},
        {"text": "```python\n    result = height * width\n    return result\n```"},
    ]


def _small(tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"name": SMALL, "reply": [{"text": "It multiplies."}]}))
    return {"backend": {"kind": "scripted", "model": str(path)}}


def _lines(first, last):
    starts = [0, *(at + 1 for at, char in enumerate(CODE) if char == "\n")]
    return Span(starts[first], starts[last + 1] - 1)


async def _titles(client, span, **context):
    return [action["title"] for action in await _actions(client, span, **context)]


async def _actions(client, span, **context):
    document = client.documents[URI]
    points = [document.position_of(offset) for offset in (span.start, span.end)]
    start, end = ({"line": line, "character": column} for line, column in points)
    params = {
        "textDocument": {"uri": URI},
        "range": {"start": start, "end": end},
        "context": {"diagnostics": [], **context},
    }
    return await client.request("textDocument/codeAction", params)
