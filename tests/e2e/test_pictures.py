"""Pictures through the real processes: the language server, the ACP agent."""

from base64 import b64encode
from pathlib import Path

import acp
import pytest

from support.acp_editor import Editor, link, scripted_agent, start_chat
from support.images import encoded

SHOT = b64encode(encoded()).decode()
PASTED = {"label": "shot.png", "data": SHOT}


@pytest.fixture
def file(workspace: Path) -> Path:
    path = workspace / "shot.png"
    path.write_bytes(encoded(size=(2000, 1000)))
    return path


async def test_a_pasted_picture_and_one_of_a_file_are_sent(serve, file, tmp_path):
    """The sources show the size that the model sees, the last prompt the picture, the log no pixels."""
    settings = {"log": {"enabled": True, "prompts": True}}
    async with serve("A red button.", settings, sees=True) as client:
        checked = [
            await client.execute("homebody.checkAttachment", {"item": item})
            for item in (PASTED, file.as_uri())
        ]
        reply = await client.execute(
            "homebody.ask", {"question": "What is it?", "attach": [PASTED, file.as_uri()]}
        )
        shown = await client.execute("homebody.showPrompt")

    assert [[(media["label"], media["tokens"]) for media in one["media"]] for one in checked] == [
        [("picture, 80 x 60", 1024)],
        [("picture, 1540 x 770", 1595)],
    ]
    sources = [(source["uri"], source["why"]) for source in reply["sources"]]
    assert sources == [("homebody:pasted", "picture, 80 x 60"), (file.as_uri(), "picture, 1540 x 770")]
    assert [(media["name"], media["type"]) for media in shown["media"]] == [
        ("shot.png", "image/png"),
        ("shot.png", "image/png"),
    ]
    assert "[shot.png: picture, 1540 x 770]" in shown["text"]
    log = (tmp_path / "state" / "log.jsonl").read_text()
    assert "[shot.png: picture, 80 x 60]" in log
    assert SHOT[200:260] not in log
    assert '"media":[]' in log


async def test_an_acp_client_sends_pictures_as_blocks_and_as_links(environ, workspace, scripted, file):
    """The agent announces it; a picture is before the question for the model."""
    asked = workspace / "asked"
    settings = scripted("A red button.", sees=True, requests_file=str(asked))
    editor = Editor()
    async with start_chat(scripted_agent(settings), environ, workspace, editor) as chat:
        block = acp.image_block(SHOT, "image/png")
        assert await chat.say("What is it?", block, link(file)) == "end_turn"

    last = asked.read_text().splitlines()[-1]
    assert "[shot.png: picture, 1540 x 770]" in last
    assert "picture, 80 x 60]" in last
    assert editor.text.startswith("A red button.")
    read = "Read pasted image (picture, 80 x 60), shot.png (picture, 1540 x 770)"
    assert read in [update["title"] for update in editor.of("tool_call")]
