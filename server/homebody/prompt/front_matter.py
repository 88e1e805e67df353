"""Prompt files: their TOML front matter, every value checked, and their templates, filled in.

A file contains text and named ``$placeholders``, never code. Values are not searched for placeholders, so
code that contains a ``$name`` stays unchanged. A fence around a value is longer than any in it, so code that
contains fences stays one block.
The files that come with Homebody are in ``prompts/`` in a checkout, in ``homebody/_prompts`` when installed.
Users can add actions to ``library``, but cannot replace the files of explain, ask and commit messages.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated, Literal, TypeAlias, get_type_hints

import msgspec
from msgspec import Meta, structs

import homebody
from homebody.backend.base import OWN, Message
from homebody.settings.keys import allowed_values, nearest, printable, shorten

Scope: TypeAlias = Literal["selection", "function", "file", "comment"]
Output: TypeAlias = Literal["replace", "insert", "rename", "explain", "newFile"]
Guard: TypeAlias = Literal["none", "documentation", "types", "behaviour", "additions", "tests"]
Owner: TypeAlias = Literal["shipped", "user", "workspace"]

PLACEHOLDERS = frozenset(
    {
        *("code", "language", "framework", "path", "context"),
        *("instruction", "name", "kind", "problem", "variables"),
    }
)

MAX_BYTES = 64 * 1024
"""Maximum size of a prompt file."""

_FENCE = "+++"
_PLACEHOLDER = re.compile(r"\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)


class PromptFile(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt file.

    Attributes
    ----------
    name
        The file's name without its extension; the value for ``--action``.
    title, kind
        Title and kind of the code action.
    scope
        The code that the prompt is applied to: the selection, the function around it, the file, or the
        comment at the cursor.
    output
        How the answer is used: it replaces the code, is inserted, lists new names of variables, is shown, or
        becomes a new file.
    system, body
        Templates of the system message (may be empty) and of the user message.
    guard
        What the edit must not change: of documentation and types, everything else is compared. Under the
        others, an answer with notes is sent back to the model once.
    needs
        Minimum size of the model, in billions of parameters; 0 for any model.
    languages
        LSP language identifiers that the action is offered for; empty for all.
    sentences
        Maximum number of sentences of documentation in prose; the model is stopped there. 0: no limit.
    temperature, top_p, top_k, repeat_penalty, max_tokens
        Sampling that the file sets, ``max_tokens`` in tokens; by default it comes from the settings.
    owner
        Where the file comes from: shipped with Homebody, the user, or the workspace.

    """

    name: str
    body: str
    owner: Owner
    title: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=80,
            pattern=r"\A[^\x00-\x1f\x7f-\xa0\u2028-\u202e\u2066-\u2069]*\Z",
            description="one line of text, up to 80 characters",
        ),
    ]
    kind: Annotated[
        str,
        Meta(
            pattern=r"\A(?!source\.fixAll|source\.organizeImports)[A-Za-z][A-Za-z0-9.-]{0,63}\Z",
            description="a kind such as refactor.rewrite or quickfix, and none that runs at each save",
        ),
    ] = "refactor.rewrite"
    scope: Scope = "selection"
    output: Output = "replace"
    guard: Guard = "none"
    system: Annotated[str, Meta(max_length=4000, description="a text of up to 4,000 characters")] = ""
    needs: Annotated[float, Meta(ge=0, le=1000)] = 0
    languages: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...],
        Meta(description="a list of language identifiers"),
    ] = ()
    sentences: Annotated[int, Meta(ge=1, le=100)] = 0
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0.01, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=1000)] | None = None
    repeat_penalty: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=32_768)] | None = None

    @property
    def writes_documentation(self) -> bool:
        """Whether the answer is the documentation of a function."""
        return self.output == "insert" and self.scope == "function"

    @property
    def takes_context(self) -> bool:
        """Whether its template includes the code around the target."""
        return "context" in Template(self.body).get_identifiers()

    @property
    def takes_problem(self) -> bool:
        """Whether its template includes the diagnostics at the target; it needs at least one."""
        return "problem" in Template(self.body).get_identifiers()


class InvalidPrompt(ValueError):
    """The file is not a valid prompt file: ``reason`` is its first error, in ``line``, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


def parse(name: str, text: str, owner: Owner = "shipped") -> PromptFile:
    """Read one prompt file; raise ``InvalidPrompt``."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].removeprefix("\ufeff").strip() != _FENCE:
        raise InvalidPrompt(1, f"a prompt file begins with a line {_FENCE}")
    end = next((number for number, line in enumerate(lines) if number and line.strip() == _FENCE), None)
    if end is None:
        raise InvalidPrompt(1, f"its front matter has no closing line {_FENCE}")
    head = _head("".join(lines[1:end]))
    body = "".join(lines[end + 1 :]).strip()
    _check_keys(head, lines)
    _check_placeholders(lines)
    if not body:
        raise InvalidPrompt(end + 1, "there is no text below the front matter")
    system = str(head.get("system", "")).strip()
    fixed = {"name": name, "body": body, "owner": owner, "system": system}
    return msgspec.convert({"title": name, **head, **fixed}, PromptFile)


def _head(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(f"\n{text}")  # its lines are those of the file
    except tomllib.TOMLDecodeError as error:
        raise InvalidPrompt(1, f"no valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # thousands of digits or brackets
        raise InvalidPrompt(2, "its front matter holds too long a number or too deep a list") from error


def _check_keys(head: Mapping[str, object], lines: list[str]) -> None:
    """Refuse an unknown key, and one with a wrong value."""
    for key, value in head.items():
        if key not in _KEYS:
            meant = nearest(key, _KEYS)
            advice = f"the nearest is `{meant}`" if meant else f"there are {', '.join(_KEYS)}"
            raise InvalidPrompt(_line_of(key, lines), f"there is no key `{printable(key)}`; {advice}")
        try:
            msgspec.convert(value, _KEYS[key])
        except msgspec.ValidationError as error:
            reason = f"`{key}` cannot be {shorten(value)}; it has to be {allowed_values(_KEYS[key])}"
            raise InvalidPrompt(_line_of(key, lines), reason) from error


def _check_placeholders(lines: list[str]) -> None:
    """Refuse an unknown placeholder."""
    known = ", ".join(f"${name}" for name in sorted(PLACEHOLDERS))
    for number, line in enumerate(lines, 1):
        for match in _PLACEHOLDER.finditer(line):
            name = match[1] or match[2]
            if name and name not in PLACEHOLDERS:
                advice = f"there are {known}, and $$ for a dollar"
                raise InvalidPrompt(number, f"there is no placeholder `{printable(match[0])}`; {advice}")


def _line_of(key: str, lines: list[str]) -> int:
    """Line, counted from 1, on which ``key`` is set."""
    for number, line in enumerate(lines, 1):
        if line.lstrip().lstrip("\"'[").startswith(key):
            return number
    return 1


_KEYS: Mapping[str, object] = {
    key: kind
    for key, kind in get_type_hints(PromptFile, include_extras=True).items()
    if key not in {"name", "body", "owner"}
}


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``; cached after the first read."""
    path = shipped_folder() / f"{name}.md"
    return with_system(parse(path.stem, path.read_text("utf-8")))


def with_system(prompt: PromptFile) -> PromptFile:
    """Give a prompt file without a system message the one for its output (``prompts/system.toml``)."""
    use = "documentation" if prompt.writes_documentation else prompt.output
    return prompt if prompt.system else structs.replace(prompt, system=_systems()[use])


@cache
def _systems() -> dict[str, str]:
    return tomllib.loads((shipped_folder() / "system.toml").read_text("utf-8"))


def shipped_folder() -> Path:
    """Folder of the prompt files that come with Homebody."""
    package = Path(homebody.__file__).parent
    installed = package / "_prompts"
    return installed if installed.is_dir() else package.parent.parent / "prompts"


_BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<value>\$(?:(\w+)|\{(\w+)\}))\n```$", re.MULTILINE)
"""A fenced block of a template that holds one value."""

_CODE_FENCE = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders of one template; unknown ones stay.

    ``$language`` is the language's name in prose (``C#``); on a fence it is ``$tag`` (``csharp``).
    """

    def block(match: re.Match[str]) -> str:
        fence = fence_around(values.get(match[3] or match[4], ""))
        info = match["info"].replace("$language", "$tag") if "tag" in values else match["info"]
        return f"{fence}{info}\n{match['value']}\n{fence}"

    return Template(_BLOCK.sub(block, template)).safe_substitute(values)


def fence_around(text: str) -> str:
    """Return a fence that is longer than any in ``text``."""
    return "`" * max([3, *(len(fence[1]) + 1 for fence in _CODE_FENCE.finditer(text))])


def fill_shipped(name: str, /, **values: str) -> str:
    """Fill in the shipped prompt file of that name."""
    return fill(shipped_prompt(name).body, values)


def render(prompt: PromptFile, values: Mapping[str, str], sources: Iterable[str]) -> tuple[Message, ...]:
    """Return the system message, if the file has one, and the user message.

    ``sources`` are the URIs that the values come from.
    """
    read = (OWN, *sources)
    user = Message("user", fill(prompt.body, values), read)
    if not prompt.system:
        return (user,)
    return (Message("system", fill(prompt.system, values), read), user)
