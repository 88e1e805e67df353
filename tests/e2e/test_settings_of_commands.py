"""A command that runs for long asks each prompt by the settings of that moment."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked import homebody_command
from support.openai_double import OpenAiDouble, OpenAiModel


class Change:
    """What happens to the user's settings when a prompt arrives; the double answers afterwards."""

    def __init__(self) -> None:
        self.config: Path
        self.text = ""
        self.prompts: list[str] = []

    def answer(self, prompt: str) -> str:
        self.prompts.append(prompt)
        self.config.write_text(self.text)
        return "A number."


@pytest.fixture
def change() -> Change:
    return Change()


@pytest.fixture
def double(change) -> Iterator[OpenAiDouble]:
    """A model server that changes the settings before its first answer ends."""
    with OpenAiDouble([OpenAiModel("m")], kind="vllm", chat_answer=change.answer) as server:
        yield server


@pytest.fixture
def own(double, change, environ) -> str:
    change.config = Path(environ["HOMEBODY_CONFIG_DIR"], "config.toml")
    change.config.parent.mkdir()
    text = f"[backend]\nkind = 'openai'\nurl = '{double.url}'\nmodel = 'm'\n"
    change.config.write_text(text)
    return text


def run(arguments: list[str], workspace: Path, environ, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*homebody_command(), *arguments],
        cwd=workspace,
        env=environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("wrong", ["[context]\nignor = ['b.py']\n", "[context\n"])
def test_a_run_over_files_ends_when_the_settings_become_wrong(double, change, own, workspace, environ, wrong):
    for name in ("a.py", "b.py", "c.py"):
        (workspace / name).write_text(f"SECRET_CODE = '{name}'\n")
    change.text = own + wrong

    ended = run(
        ["refactor", ".", "--instruction", "Shorten it.", "--diff", "--jobs", "1"], workspace, environ
    )

    assert "config.toml" in ended.stderr
    assert ended.returncode == 2
    assert len({name for name in ("a.py", "b.py", "c.py") if f"'{name}'" in "".join(change.prompts)}) == 1
