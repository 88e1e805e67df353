"""The small client for scripts, as described on its page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.client.connection import ServerError
from homebody.client.editor import start_client

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_the_example_of_the_page_runs(scripted, environ, workspace: Path):
    """The script in docs/client.md completes, explains and refactors, with a scripted model."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    model = scripted([{"text": "width * height", "probability": 0.95}])["backend"]
    (workspace / "example.py").write_text(script)
    ran = subprocess.run(
        [sys.executable, "example.py"],
        cwd=workspace,
        env=environ | {"HOMEBODY_BACKEND_KIND": model["kind"], "HOMEBODY_BACKEND_MODEL": model["model"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.stderr == ""
    assert "suggestion: width * height" in ran.stdout
    assert "applied" in ran.stdout
    assert '"""width * height"""' in ran.stdout


async def test_waiting_for_a_model_ends_with_the_reason_where_there_is_none(environ, workspace: Path):
    """A script gets the reason immediately instead of waiting for a minute."""
    options = {"backend": {"kind": "scripted", "model": "/nowhere/script.json"}}
    async with start_client(root=workspace, options=options, environ=environ) as client:
        with pytest.raises(ServerError, match=r"script\.json"):
            await client.wait_for_model()


@pytest.mark.parametrize(
    ("name", "text", "language_id"),
    [
        ("file:///w/a.tsx", "", "typescriptreact"),
        ("file:///w/a%20b.py", "", "python"),
        ("file:///w/a.h", "namespace a {}", "cpp"),
        ("file:///w/a.unknown", "", "plaintext"),
    ],
)
async def test_the_language_follows_from_the_table(serve, name: str, text: str, language_id: str):
    """The client knows the languages that the server knows."""
    async with serve() as client:
        assert client.open(name, text).language_id == language_id
