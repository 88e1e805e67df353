"""The page about driving the server from Python."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def test_the_example_of_the_page_runs(scripted, environ, workspace: Path):
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    model = scripted([{"text": "width * height", "probability": 0.95}])["backend"]
    (workspace / "example.py").write_text(script)
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, "example.py"],
        cwd=workspace,
        env=environ
        | {"PATH": path, "HOMEBODY_BACKEND_KIND": model["kind"], "HOMEBODY_BACKEND_MODEL": model["model"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.stderr == ""
    assert "suggestion: width * height" in ran.stdout
    assert "ready" in ran.stdout
    assert '"""width * height"""' in ran.stdout
