"""Code actions and commands over the real process: shapes, edits, refusals, streams."""

import asyncio

import pytest
from pygls.exceptions import JsonRpcException

from homebody.features.refactor import Refactoring
from homebody.lsp.commands.change import needs_review
from homebody.text import Span
from support.editor import CAPABILITIES
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    return width * height\n"
BODY = Span(29, 50)
CAPABLE = CAPABILITIES | {
    "workspace": CAPABILITIES["workspace"] | {"workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
}


async def test_only_the_kinds_that_are_wanted_are_listed(serve):
    async with serve(opens={URI: CODE}) as client:
        titles = {
            only: [action["title"] for action in await client.actions(URI, BODY, [only])]
            for only in (
                "refactor",
                "refactor.rewrite.types",
                "refactor.rew",
                "source",
                "source.fixAll",
                "quickfix",
                "",
            )
        }

        assert titles["refactor.rewrite.types"] == ["Add type annotations"]
        assert [titles[only] for only in ("refactor.rew", "source", "source.fixAll", "quickfix")] == [[]] * 4
        assert [*titles["refactor"], "Explain"] == titles[""]
        assert titles["refactor"][0] == "Add type annotations"


async def test_an_explanation_streams_and_accounts_for_itself(serve):
    async with serve("It multiplies width and height.", opens={URI: CODE}) as client:
        pieces: list[str] = []
        reply = await client.explain(URI, BODY, on_text=pieces.append)

        assert "".join(pieces) == reply["markdown"] == "It multiplies width and height."
        assert len(pieces) > 1
        assert set(reply["usage"]) == {"promptTokens", "outputTokens", "contextLength"}
        assert reply["sources"][0]["uri"] == URI
        assert {"uri", "range", "tokens"} <= set(reply["sources"][0])
        assert reply["complete"] is True
        assert reply["leftOut"] == []
        assert set(reply["sources"][0]["range"]) == {"start", "end"}

        shown = await client.execute("homebody.showPrompt", {"textDocument": {"uri": URI}})
        assert {"text", "promptTokens", "model", "sources", "leftOut"} <= set(shown)
        assert "return width * height" in shown["text"]
        assert shown["promptTokens"] == reply["usage"]["promptTokens"]
        assert await client.execute("homebody.showPrompt", {"textDocument": {"uri": "file:///x"}}) is None


async def test_a_refactoring_is_applied_to_the_version_it_was_made_for(serve):
    edits = []
    async with serve("Multiply width by height.", capabilities=CAPABLE) as client:
        apply = client.on_request["workspace/applyEdit"]

        async def keep(params: object) -> object:
            edits.append(params)
            return await apply(params)

        client.on_request["workspace/applyEdit"] = keep
        client.open(URI, CODE)
        result = await client.refactor(URI, BODY, action="docstring")

        assert result["status"] == "applied"
        assert set(result) == {"status", "usage", "id", "notes"}
        assert client.documents[URI].text == CODE.replace(
            ":\n", ':\n    """Multiply width by height."""\n', 1
        )
    (change,) = edits[0]["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    assert edits[0]["label"] == "Write a docstring"
    values = [params["value"]["kind"] for method, params in client.notifications if method == "$/progress"]
    assert values[0] == "begin"
    assert values[-1] == "end"


@pytest.mark.parametrize(
    ("after", "notes", "review"),
    [
        (CODE + 12 * "x = 1\n", (), False),
        (CODE + 13 * "x = 1\n", (), True),
        (CODE + "x = 1\n", ("adds x",), True),
        (CODE.replace("height", "depth"), (), True),
    ],
    ids=["added lines", "many added lines", "a note", "a changed line"],
)
def test_only_a_few_added_lines_need_no_review(after, notes, review):
    assert needs_review(Refactoring("ready", None, (), version=1, notes=notes), CODE, after) is review


async def test_code_that_changed_meanwhile_is_not_replaced(serve, gate):
    """The refusal says why, and the model's text is still shown with its prompt."""
    async with serve([{"text": "Multiply.", "gate_file": gate}], opens={URI: CODE}) as client:
        await client.execute("homebody.showPrompt")
        asked = asyncio.ensure_future(client.refactor(URI, BODY, action="docstring"))
        await until(lambda: client.status.get("busy"))
        client.type(URI, len(CODE) - 1, " + 0")
        # Its answer comes after the server has read the change.
        await client.execute("homebody.status")
        gate.touch()
        result = await asked

        assert result["status"] == "refused"
        assert "changed while the model rewrote it" in result["reason"]
        assert client.documents[URI].text == CODE.replace("height\n", "height + 0\n")
        assert (await client.execute("homebody.showPrompt"))["answer"] == "Multiply."


async def test_refusals_are_sentences(serve):
    async with serve([{"fault": "unavailable", "times": 1}, {"text": "Multiply."}]) as client:
        client.open(URI, CODE)
        client.open("file:///w/empty.py", "\n\n")
        reasons = [
            (await client.refactor(URI, BODY, action="nix"))["reason"],
            (await client.execute("homebody.refactor", _argument("file:///w/none.py")))["reason"],
            (await client.refactor("file:///w/empty.py", Span(0, 1), action="simplify"))["reason"],
            (await client.refactor(URI, BODY, action="docstring"))["reason"],
        ]
        client.on_request["workspace/applyEdit"] = _refuse
        reasons.append((await client.refactor(URI, BODY, action="docstring"))["reason"])

        for reason, words in zip(
            reasons, ("nix", "not open", "the file is empty", "not running", "read-only"), strict=True
        ):
            assert words in reason.lower()
            assert "\n" not in reason
        assert client.messages == []

        shown = _argument(URI) | {"action": "nix", "showReason": True}
        await client.execute("homebody.refactor", shown)
        assert client.messages == [reasons[0]]


async def test_status_and_toggle_report_the_current_state(serve):
    async with serve("x + 1", opens={URI: "y = "}) as client:
        status = await client.execute("homebody.status")
        assert {"kind", "busy", "message"} <= set(status)
        await client.execute("homebody.showPrompt")
        assert await client.execute("homebody.toggle", {"languageId": "python"}) == {"enabled": False}
        assert await client.complete(URI, 0, 4, invoked=True) == []
        assert await client.execute("homebody.toggle", {"languageId": "python"}) == {"enabled": True}
        assert await client.execute("homebody.toggle", {"enabled": False}) == {"enabled": False}
        assert (await client.execute("homebody.status"))["kind"] == "Inactive"
        assert await client.execute("homebody.toggle", {"enabled": True}) == {"enabled": True}

        assert len(await client.complete(URI, 0, 4)) == 1
        assert [s["kind"] for m, s in client.notifications if m == "homebody/didChangeStatus"][-1] == "Normal"


@pytest.mark.parametrize("experimental", [None, {"homebody": {"status": False}}, {"homebody": 1}, 1])
async def test_a_client_can_decline_the_status(serve, experimental):
    async with serve(capabilities=CAPABILITIES | {"experimental": experimental}) as client:
        await client.execute("homebody.showPrompt")
        status = await client.execute("homebody.status")
        sent = [method for method, _ in client.notifications if method == "homebody/didChangeStatus"]

    assert status["kind"] == "Normal"
    assert bool(sent) is (experimental != {"homebody": {"status": False}})


async def test_the_wrong_argument_is_named(serve):
    async with serve(opens={URI: CODE}) as client:
        for command, argument, words in BAD_ARGUMENTS:
            with pytest.raises(JsonRpcException) as caught:
                await client.execute(command, argument)

            assert caught.value.code == -32602
            assert words in str(caught.value)


BAD_ARGUMENTS = (
    ("homebody.nix", {}, "no command 'homebody.nix'"),
    ("homebody.explain", {}, "nothing to explain"),
    ("homebody.explain", {"textDocument": {"uri": 3}}, "Expected `str`"),
    ("homebody.explain", {"textDocument": {"uri": "file:///w/none.py"}}, "open it first"),
    ("homebody.explain", {"textDocument": {"uri": URI}, "range": "x"}, "range"),
    ("homebody.refactor", {"textDocument": {"uri": URI}}, "`range`"),
    ("homebody.acceptCompletion", {}, "`id`"),
    ("homebody.toggle", {"enabled": "yes"}, "Expected `bool"),
)
_RANGE = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 8}}


def _argument(uri: str) -> dict[str, object]:
    return {"textDocument": {"uri": uri}, "range": _RANGE, "action": "docstring"}


async def _refuse(_params: object) -> object:
    return {"applied": False, "failureReason": "The file is read-only."}


async def test_doctor_reports_on_the_settings_that_the_editor_sent(serve):
    sent = {"log": {"enabled": True, "prompts": True}, "completion": {"maxTokens": "many"}}
    async with serve("word " * 64, settings=sent) as client:
        report = await client.execute("homebody.doctor", {})

        texts = [line["text"] for line in report["lines"]]
        assert "The local log contains the text of your prompts (log.prompts)." in texts
        assert any("`homebody.completion.maxTokens` cannot be" in text for text in texts)
        assert {"Suggestions", "Explanations and edits"} <= set(texts)
        assert "\nSettings and earlier sessions\n" in report["text"]
        assert "`homebody.completion.maxTokens` cannot be" in report["text"]
