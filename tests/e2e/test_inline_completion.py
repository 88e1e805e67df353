"""Ghost text with the real process: results, failures, and what is counted."""

from itertools import groupby

from homebody.audit import read_counts
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    \n\ndef other():\n    pass\n"


async def test_a_suggestion_comes_with_its_place_and_its_command(serve):
    """Also for the first request, right after the handshake, before the features are loaded."""
    async with serve("return width * height") as client:
        document = client.open(URI, CODE)
        (item,) = await client.complete(URI, 1, 4)

        assert item["insertText"] == "return width * height"
        assert item["range"] == {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
        assert item["command"]["command"] == "homebody.acceptCompletion"
        assert await client.execute("homebody.acceptCompletion", item["command"]["arguments"][0]) is None
        assert document.version == 1


async def test_the_status_says_that_the_model_is_too_slow(serve):
    async with serve([{"text": "rest\ny = 2\n", "delay_ms": 2000, "times": 1}, {"text": ""}]) as client:
        client.open(URI, "")
        typed = "total = " + "value + " * 7
        client.type(URI, 0, typed)
        assert await client.complete(URI, 0, len(typed)) != []
        for key in "res":
            client.type(URI, len(typed), key)
            typed += key
            assert await client.complete(URI, 0, len(typed)) != []
        client.type(URI, len(typed), "q")
        assert await client.complete(URI, 0, len(typed) + 1) == []
        status = await client.execute("homebody.status")
        assert status["hint"].startswith("The model reads too slowly")
        statuses = [params for method, params in client.notifications if method == "homebody/didChangeStatus"]
        hints = [is_shown for is_shown, _ in groupby("hint" in status for status in statuses)]
        # A busy machine may end the hint once and need it again.
        assert hints.count(True) <= 2


async def test_a_withheld_suggestion_is_reported_with_what_to_do(serve):
    """Below the threshold nothing is shown, the status says why, and an explicit request shows it."""
    async with serve([{"text": "return width * height", "probability": 0.1}], opens={URI: CODE}) as client:
        assert await client.complete(URI, 1, 4) == []
        status = await client.execute("homebody.status")
        assert status["hint"].startswith("The model is not sure enough")
        (item,) = await client.complete(URI, 1, 4, invoked=True)
        assert item["insertText"] == "return width * height"
        assert "hint" not in await client.execute("homebody.status")


async def test_a_suggestion_that_needs_more_of_the_file_comes_late(serve):
    """The first request has the lines around the cursor; the rest is read in a pause."""
    replies = [{"text": "42", "probability": 0.1, "times": 1}, {"text": "42", "probability": 0.9}]
    async with serve(replies) as client:
        lines = [f"size_{n} = {n} * size_{n + 1}\n" for n in range(400)]
        document = client.open(URI, "".join(lines[:200]) + "y = \n" + "".join(lines[200:]))
        assert await client.complete(URI, 200, 4) == []

        place = await until(lambda: dict(client.notifications).get("homebody/didFindSuggestion"))
        assert place["textDocument"] == {"uri": URI, "version": document.version}
        assert place["position"] == {"line": 200, "character": 4}
        (item,) = await client.complete(URI, 200, 4)
        assert item["insertText"] == "42"


async def test_a_shown_and_accepted_suggestion_is_counted_once(serve, tmp_path):
    async with serve("x + 1", opens={URI: "y = "}) as client:
        await client.execute("homebody.showPrompt")
        (item,) = await client.complete(URI, 0, 4)
        for _ in range(2):
            client.notify("textDocument/didShowCompletion", {"item": item})
        for length in (2, 4):
            taken = {"item": item, "acceptedLength": length}
            client.notify("textDocument/didPartiallyAcceptCompletion", taken)
        for _ in range(2):
            await client.execute("homebody.acceptCompletion", item["command"]["arguments"][0])
        client.notify("textDocument/didShowCompletion", {"item": {"command": "odd"}})

    counts = read_counts(tmp_path / "state")
    assert (counts["shown"], counts["accepted"], counts["partly_accepted"]) == (1, 1, 1)
    assert b"x + 1" not in (tmp_path / "state" / "counts.json").read_bytes()
