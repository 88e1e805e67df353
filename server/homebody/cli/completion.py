"""``homebody completion SHELL``: a script that completes commands, options and actions at TAB.

The script calls ``homebody completion --words``, so that it never goes out of date.
Reads the commands from typer's tables; knows nothing of what they do.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Protocol, cast

import typer
from typer.main import get_command

from homebody.cli.terminal import Terminal

Shell = Literal["bash", "zsh", "fish"]

_SCRIPTS: dict[Shell, str] = {
    "bash": """\
# eval "$(homebody completion bash)" in ~/.bashrc
_homebody() {
    local IFS=$'\\n'
    COMPREPLY=($(homebody completion bash --words "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _homebody homebody
""",
    "zsh": """\
# eval "$(homebody completion zsh)" in ~/.zshrc, after compinit
_homebody() {
    local -a found
    found=("${(@f)$(homebody completion zsh --words "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
}
compdef _homebody homebody
""",
    "fish": """\
# homebody completion fish | source, in ~/.config/fish/config.fish
function __homebody_words
    set -l found (homebody completion fish --words (commandline -opc) (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c homebody -f -a '(__homebody_words)'
""",
}
# Values of options that are known without a model.
_BACKENDS = ("auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai")
_COMMON = ("--set", "--model", "--backend", "--config")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion", context_settings={"ignore_unknown_options": True})(_completion)


def _completion(
    shell: Annotated[Shell, typer.Argument(help="The shell that reads the script.")],
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    complete: Annotated[bool, typer.Option("--words", hidden=True)] = False,
) -> None:
    """Print a script for your shell: eval "$(homebody completion bash)"."""
    if not complete:
        Terminal().write(_SCRIPTS[shell])
        return
    for candidate in candidates(words or []):
        Terminal().write(candidate + "\n")


def candidates(words: Sequence[str]) -> list[str]:
    """Return completions of the last of ``words``; nothing where a file name is expected."""
    from homebody.cli.app import COMMANDS

    typed = words[-1] if words else ""
    before = list(words[1:-1])
    rows = {row.name: row for row in COMMANDS if not row.hidden}
    name = next((word for word in before if word in rows), None)
    if before[-1:] == ["--backend"]:
        return _beginning(typed, _BACKENDS)
    if name is None:
        return _beginning(typed, (*rows, *_COMMON, "--help", "--version"))
    if before[-1:] == ["--action"]:
        return _beginning(typed, _actions())
    command = _command(rows[name].module, name)
    inner = _inner(command)
    chosen = next((word for word in before if word in inner), None)
    if inner and chosen is None:
        return _beginning(typed, list(inner))
    options = _options(command if chosen is None else inner[chosen])
    return _beginning(typed, (*options, *_COMMON, "--help")) if typed.startswith("-") else []


class _Parameter(Protocol):
    """The attributes of a parameter that are read here."""

    opts: Sequence[str]


def _command(module: str, name: str) -> object:
    """Return typer's table of a command."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register_it = getattr(importlib.import_module(module), "register", None)
    if register_it is None:  # commands that parse their own arguments, such as ``lsp``
        return None
    register_it(app)
    return _inner(get_command(app))[name]


def _inner(command: object) -> Mapping[str, object]:
    """Return the commands of a group by name; empty if it is not a group."""
    return cast("Mapping[str, object]", getattr(command, "commands", {}))


def _options(command: object) -> list[str]:
    parameters = cast("Sequence[_Parameter]", getattr(command, "params", ()))
    return [option for one in parameters for option in one.opts if option.startswith("--")]


def _actions() -> list[str]:
    """Names of the actions that are shipped and of the user's own."""
    from homebody.engine import prompt_folders
    from homebody.prompt.library import PromptLibrary
    from homebody.settings import Settings

    return [action.name for action in PromptLibrary(prompt_folders(Settings(), ())).actions]


def _beginning(typed: str, words: Sequence[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(typed))
