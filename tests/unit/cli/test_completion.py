"""TAB in a shell: commands, options, actions, and files if nothing else is expected."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from homebody.cli import main
from homebody.cli.app import COMPLETE
from support.forked import homebody_command
from support.needs import needs


def words_for(monkeypatch, capsys, line: str) -> list[str]:
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    monkeypatch.setenv(COMPLETE, "complete_bash")
    with pytest.raises(SystemExit):
        main([])
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("homebody ref", ["refactor"]),
        ("homebody refactor --veri", ["--verify", "--verify-timeout"]),
        ("homebody refactor a.py --action doc", ["docstring"]),
        ("homebody models s", ["show"]),
        ("homebody models show --j", ["--json"]),
        ("homebody --backend em", ["embedded"]),
        ("homebody explain --backend em", ["embedded"]),
        ("homebody ask --model m --se", ["--set"]),
        ("homebody refactor a.p", []),
        ("homebody refactor models --veri", ["--verify", "--verify-timeout"]),
        ("homebody lsp ", []),
    ],
)
def test_the_last_word_is_completed(own_folders, monkeypatch, capsys, line, expected):
    assert words_for(monkeypatch, capsys, line) == expected


def in_shell(own_folders: Path, name: str, *options: str) -> str:
    (own_folders / "some.py").touch()
    program = own_folders.parent / "bin" / "homebody"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(homebody_command())} "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        [needs(name), *options],
        cwd=own_folders,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not ended.stderr
    return ended.stdout


def test_fish_takes_the_script(own_folders: Path):
    asked = ("homebody ref", "homebody models s", "homebody refactor some")
    ask = "homebody completion fish | source; " + "; ".join(f"complete -C '{line}'" for line in asked)
    printed = in_shell(own_folders, "fish", "--no-config", "-c", ask)
    words = [line.partition("\t")[0] for line in printed.splitlines()]
    assert words == ["refactor", "show", "some.py"]


def test_zsh_takes_the_script(own_folders: Path):
    ask = (
        'compdef() {}; _arguments() { print -r -- "$1" }; _files() { print files }; '
        'eval "$(homebody completion zsh)"; words=(homebody ref); CURRENT=2; _homebody_completion; '
        "words=(homebody refactor some); CURRENT=3; _homebody_completion"
    )
    printed = in_shell(own_folders, "zsh", "-f", "-c", ask)
    assert re.fullmatch(r'\*: :\(\("refactor":"[^"]+"\)\)\nfiles\n', printed)


def test_bash_takes_the_script(own_folders: Path):
    """A command, then nothing, so that readline completes files."""
    ask = (
        'eval "$(homebody completion bash)"; complete -p homebody; '
        "ask() { _homebody_completion homebody; echo ${COMPREPLY[@]}; }; "
        "COMP_WORDS=(homebody ref); COMP_CWORD=1; ask; "
        "COMP_WORDS=(homebody refactor some); COMP_CWORD=2; ask"
    )
    expected = "complete -o default -F _homebody_completion homebody\nrefactor\n\n"
    assert in_shell(own_folders, "bash", "-c", ask) == expected
