"""Notifications of the client: shown and accepted suggestions, settings, files."""

from homebody.audit import read_counts

URI = "file:///w/app.py"


async def test_a_shown_and_accepted_suggestion_is_counted_once(serve, tmp_path):
    async with serve("x + 1") as client:
        client.open(URI, "y = ")
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
    assert (counts["shown"], counts["accepted"], counts["partly_accepted"]) == (1, 1, 2)
    assert b"x + 1" not in (tmp_path / "state" / "counts.json").read_bytes()
