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
from typing import Annotated, Any, Literal, TypeAlias, get_type_hints

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
        *("code", "language", "framework", "begin", "path", "context"),
        *("instruction", "name", "kind", "problem", "variables"),
    }
)

MAX_BYTES = 64 * 1024
"""Maximum size of a prompt file."""

_FENCE = "+++"
_LONGEST_REASON = 200
"""A wrong line, which the reason quotes, may have any length."""


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a prompt file says about itself.

    Attributes
    ----------
    title, kind
        Title and kind of the code action.
    scope
        The code that the prompt is applied to: the selection, the function around it, the file, or the
        comment at the cursor.
    output
        How the answer is used: it replaces the code, is inserted, lists new names of variables, is shown, or
        becomes a new file.
    system
        Template of the system message; may be empty.
    guard
        What the edit must not change: of documentation and types, everything else is compared. Under the
        others, lines above a definition's name stay if the answer begins at the name.
    needs
        Minimum size of the model, in billions of parameters; 0 for any model.
    languages
        LSP language identifiers that the action is offered for; empty for all.
    sentences
        Maximum number of sentences of documentation in prose; the model is stopped there. 0: no limit.
    temperature, top_p, top_k, repeat_penalty, max_tokens
        Sampling that the file sets, ``max_tokens`` in tokens; by default it comes from the settings.

    """

    # On one line, and without characters that change the direction of text.
    title: Annotated[
        str,
        Meta(
            max_length=80,
            pattern=r"\A[^\x00-\x1f\x7f-\xa0\u2028-\u202e\u2066-\u2069]*\Z",
            description="one line of text, up to 80 characters",
        ),
    ] = ""
    # None that editors run at each save.
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
    system: Annotated[str, Meta(max_length=4000, description="a text of up to 4000 characters")] = ""
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


class PromptFile(FrontMatter, frozen=True, kw_only=True):
    """One prompt file.

    Attributes
    ----------
    name
        The file's name without its extension; the value for ``--action``.
    body
        Template of the user message.
    owner
        Where the file comes from: shipped with Homebody, the user, or the workspace.

    """

    name: str
    body: str
    owner: Owner

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
    """The file is not a valid prompt file; the text is its first error."""


def parse(name: str, text: str, owner: Owner = "shipped") -> PromptFile:
    """Read one prompt file; raise ``InvalidPrompt``."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    fences = [number for number, line in enumerate(lines) if line.strip() == _FENCE][:2]
    if len(fences) < 2 or fences[0]:
        message = f"a prompt file begins with a line {_FENCE}, its front matter, and another line {_FENCE}"
        raise InvalidPrompt(message)
    head = _head("\n" + "".join(lines[1 : fences[1]]))  # its lines are those of the file
    body, system = "".join(lines[fences[1] + 1 :]).strip(), head.system.strip()
    if not body:
        message = "there is no text below the front matter"
        raise InvalidPrompt(message)
    unknown = {*Template(system).get_identifiers(), *Template(body).get_identifiers()} - PLACEHOLDERS
    if unknown:
        known = ", ".join(f"${each}" for each in sorted(PLACEHOLDERS))
        message = f"there is no placeholder ${min(unknown)}; there are {known}, and $$ for a dollar"
        raise InvalidPrompt(message[: 2 * _LONGEST_REASON])
    given: dict[str, Any] = structs.asdict(head)
    given |= {"title": head.title or name, "system": system}
    return PromptFile(name=name, body=body, owner=owner, **given)


def _head(text: str) -> FrontMatter:
    """Read the front matter, key by key, so that the reason says what the key may be."""
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidPrompt(str(error)[:_LONGEST_REASON]) from error
    kinds = get_type_hints(FrontMatter, include_extras=True)
    for key, value in given.items():
        if key not in kinds:
            meant = nearest(key, kinds)
            advice = f"the nearest is `{meant}`" if meant else f"there are {', '.join(kinds)}"
            reason = f"there is no key `{printable(key)}`; {advice}"
            raise InvalidPrompt(reason)
        try:
            msgspec.convert(value, kinds[key])
        except msgspec.ValidationError as error:
            reason = f"`{key}` cannot be {shorten(value)}; it has to be {allowed_values(kinds[key])}"
            raise InvalidPrompt(reason) from error
    return msgspec.convert(given, FrontMatter)


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``; cached after the first read."""
    path = shipped_folder() / f"{name}.md"
    return with_system(parse(path.stem, path.read_text("utf-8")))


def with_system(prompt: PromptFile) -> PromptFile:
    """Give a prompt file without a system message the one for its output (``prompts/system.toml``)."""
    if prompt.system:
        return prompt
    use = "documentation" if prompt.writes_documentation else prompt.output
    systems = tomllib.loads((shipped_folder() / "system.toml").read_text("utf-8"))
    return structs.replace(prompt, system=systems[use])


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
