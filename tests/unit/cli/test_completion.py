"""TAB in a shell: commands, options, actions, and files if nothing else is expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.cli.completion import candidates
from support.needs import needs


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["homebody", "ref"], ["refactor"]),
        (["homebody", "refactor", "--veri"], ["--verify", "--verify-timeout"]),
        (["homebody", "refactor", "a.py", "--action", "doc"], ["docstring"]),
        (["homebody", "models", "s"], ["show"]),
        (["homebody", "models", "show", "--j"], ["--json"]),
        (["homebody", "--backend", "em"], ["embedded"]),
        (["homebody", "refactor", "a.p"], []),
        (["homebody", "lsp", ""], []),
    ],
    ids=" ".join,
)
def test_the_last_word_is_completed(own_folders, words, expected):
    """By the commands' own tables."""
    assert candidates(words) == expected


def test_every_command_is_offered(own_folders):
    """Except for the internal one."""
    offered = candidates(["homebody", ""])

    assert {"refactor", "undo", "completion", "models"} <= set(offered)
    assert "host" not in offered


def test_fish_takes_the_script(own_folders: Path):
    """With a real fish: a command, the command of a group, then a file."""
    fish = needs("fish")
    (own_folders / "some.py").touch()
    asked = ("homebody ref", "homebody models s", "homebody refactor some")
    ask = "homebody completion fish | source; " + "; ".join(f"complete -C '{line}'" for line in asked)

    completed = subprocess.run(
        [fish, "--no-config", "-c", ask],
        cwd=own_folders,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert completed.stdout.split() == ["refactor", "show", "some.py"]


def test_zsh_takes_the_script(own_folders: Path):
    """With a real zsh, and the words that would be passed to its completion system."""
    zsh = needs("zsh")
    ask = (
        'compdef() {}; compadd() { shift; print -rl -- "$@" }; _files() { print files }; '
        'eval "$(homebody completion zsh)"; '
        "words=(homebody ref); CURRENT=2; _homebody; words=(homebody refactor some); CURRENT=3; _homebody"
    )

    completed = subprocess.run(
        [zsh, "-f", "-c", ask],
        cwd=own_folders,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (completed.stdout, completed.stderr) == ("refactor\nfiles\n", "")


def test_bash_takes_the_script(own_folders: Path):
    """With a real bash: a command, then a file."""
    bash = needs("bash")
    (own_folders / "some file.py").touch()
    program = Path(sys.executable).parent
    ask = (
        f'export PATH="{program}:$PATH"; eval "$(homebody completion bash)"; '
        'COMP_WORDS=(homebody ref); COMP_CWORD=1; _homebody; printf "%s\\n" "${COMPREPLY[@]}"; '
        'COMP_WORDS=(homebody refactor some); COMP_CWORD=2; _homebody; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    result = subprocess.run([bash, "-c", ask], cwd=own_folders, capture_output=True, text=True, check=True)

    assert (result.stdout, result.stderr) == ("refactor\nsome file.py\n", "")
