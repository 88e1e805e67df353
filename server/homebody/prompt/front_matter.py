"""One prompt file: its TOML front matter and its template, every value checked.

In: the text of a file. Out: a ``PromptFile``, or all faults in it, each with its line.
A file contains text and named ``$placeholders``, never code. Knows nothing of folders or trust.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Literal, TypeAlias, cast, get_args

Scope: TypeAlias = Literal["selection", "function", "file", "comment"]
Output: TypeAlias = Literal["replace", "insert", "explain", "newFile"]
Guard: TypeAlias = Literal[
    "none", "documentation", "types", "rename", "extract", "behaviour", "flow", "additions", "tests"
]
Owner: TypeAlias = Literal["shipped", "user", "workspace"]

PLACEHOLDERS = frozenset({"code", "language", "path", "context", "instruction", "name", "problem"})

MAX_BYTES = 64 * 1024
"""Maximum size of a prompt file."""

_MAX_HEAD = 16 * 1024
_FENCE = "+++"
_MAX_TITLE = 80
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
_AT_SAVE = ("source.fixAll", "source.organizeImports")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_PLACEHOLDER = re.compile(r"\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PromptFile:
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
        How the answer is used: it replaces the code, is inserted, is shown, or becomes a new file.
    system, body
        Templates of the system message (may be empty) and of the user message.
    guard
        Check that the edit has to pass in addition to the common ones.
    needs
        Minimum size of the model, in billions of parameters; 0 for any model.
    languages
        LSP language identifiers that the action is offered for; empty for all.
    sentences
        Maximum number of sentences of documentation in prose; the model is stopped there. 0: no limit.
    sampling
        Sampling values that the file sets (``temperature``, ``max_tokens`` in tokens, …); the others come
        from the settings.
    owner
        Where the file comes from: shipped with Homebody, the user, or the workspace.

    """

    name: str
    title: str
    kind: str
    scope: Scope
    output: Output
    system: str
    body: str
    guard: Guard = "none"
    needs: float = 0.0
    languages: tuple[str, ...] = ()
    sentences: int = 0
    sampling: Mapping[str, float] = field(default_factory=dict[str, float])
    owner: Owner = "shipped"

    @property
    def takes_context(self) -> bool:
        """Whether its template includes the code around the target."""
        return "context" in Template(self.body).get_identifiers()

    @property
    def takes_problem(self) -> bool:
        """Whether its template includes the diagnostics at the target; it needs at least one."""
        return "problem" in Template(self.body).get_identifiers()


@dataclass(frozen=True, slots=True)
class Fault:
    """One error in a prompt file. ``line`` counts from 1."""

    line: int
    message: str


class InvalidPrompt(ValueError):
    """The file is not a valid prompt file; ``faults`` has at least one entry."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"line {fault.line}: {fault.message}" for fault in faults))


def parse(name: str, text: str, owner: Owner = "shipped") -> PromptFile:
    """Read one prompt file.

    Raises
    ------
    InvalidPrompt
        The file has errors; ``faults`` lists all of them.

    """
    lines = text.splitlines(keepends=True)
    end = _head_end(lines)
    head = _head("".join(lines[1:end]))
    body = "".join(lines[end + 1 :]).strip()
    faults = [*_unknown_keys(head, lines), *_bad_values(head, lines), *_bad_placeholders(head, lines, end)]
    if not body:
        faults.append(Fault(end + 1, "there is no text below the front matter"))
    if faults:
        raise InvalidPrompt(tuple(sorted(faults, key=lambda fault: fault.line)))
    return PromptFile(
        name=name,
        title=str(head.get("title", name)),
        kind=str(head.get("kind", "refactor.rewrite")),
        scope=cast("Scope", head.get("scope", "selection")),
        output=cast("Output", head.get("output", "replace")),
        system=str(head.get("system", "")).strip(),
        body=body,
        guard=cast("Guard", head.get("guard", "none")),
        needs=float(cast("float", head.get("needs", 0))),
        languages=tuple(cast("list[str]", head.get("languages", []))),
        sentences=cast("int", head.get("sentences", 0)),
        sampling={key: float(cast("float", head[key])) for key in SAMPLING if key in head},
        owner=owner,
    )


def _head_end(lines: list[str]) -> int:
    """Index of the line that closes the front matter."""
    if not lines or lines[0].removeprefix("\ufeff").strip() != _FENCE:
        raise InvalidPrompt((Fault(1, f"a prompt file begins with a line {_FENCE}"),))
    for number, line in enumerate(lines[1:], 1):
        if line.strip() == _FENCE:
            return number
    raise InvalidPrompt((Fault(1, f"its front matter has no closing line {_FENCE}"),))


def _head(text: str) -> dict[str, object]:
    if len(text) > _MAX_HEAD:
        raise InvalidPrompt((Fault(1, f"its front matter is longer than {_MAX_HEAD // 1024} KiB"),))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place.group(1)) if place and place.group(1) else text.count("\n")
        raise InvalidPrompt(
            (Fault(line + 1, f"no valid TOML: {_TOML_PLACE.sub('', str(error))}"),)
        ) from error
    except (ValueError, RecursionError) as error:  # thousands of digits or brackets
        raise InvalidPrompt(
            (Fault(2, "its front matter holds too long a number or too deep a list"),)
        ) from error


def _unknown_keys(head: Mapping[str, object], lines: list[str]) -> Iterator[Fault]:
    for key in head:
        if key not in _KEYS:
            near = difflib.get_close_matches(key[:40], _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}."
            yield Fault(_line_of(key, lines), f"unknown key {_shown(key)}; {hint}")


def _bad_values(head: Mapping[str, object], lines: list[str]) -> Iterator[Fault]:
    for key, (is_good, allowed) in _KEYS.items():
        if key in head and not is_good(head[key]):
            yield Fault(_line_of(key, lines), f"{key} is {_shown(head[key])}; allowed is {allowed}")


def _bad_placeholders(head: Mapping[str, object], lines: list[str], end: int) -> Iterator[Fault]:
    """Unknown placeholders, each with its line."""
    known = ", ".join(f"${name}" for name in sorted(PLACEHOLDERS))
    texts = [(_line_of("system", lines), str(head.get("system", "")))]
    texts += [(number, lines[number - 1]) for number in range(end + 2, len(lines) + 1)]
    for number, text in texts:
        for found in _PLACEHOLDER.finditer(text):
            name = found.group(1) or found.group(2)
            if name and name not in PLACEHOLDERS:
                message = (
                    f"unknown placeholder {_shown(found.group())}; there are {known}, and $$ for a dollar"
                )
                yield Fault(number, message)


def _line_of(key: str, lines: list[str]) -> int:
    """Line, counted from 1, on which ``key`` is set."""
    for number, line in enumerate(lines, 1):
        if line.lstrip().lstrip("\"'[").startswith(key):
            return number
    return 1


def _shown(value: object) -> str:
    """Format a value from an untrusted file for a message: short, on one line."""
    try:
        text = repr(value)
    except ValueError:  # an integer with more digits than Python converts to text
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


_Check: TypeAlias = Callable[[object], bool]


def _is_text(longest: int) -> _Check:
    return lambda value: isinstance(value, str) and len(value) <= longest


def _is_title(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TITLE and value.isprintable()


def _is_kind(value: object) -> bool:
    """Whether the kind is allowed: one that no editor runs automatically on save."""
    return isinstance(value, str) and _KIND.fullmatch(value) is not None and not value.startswith(_AT_SAVE)


def _is_one_of(names: tuple[str, ...]) -> tuple[_Check, str]:
    return (lambda value: value in names), f"one of {', '.join(names)}"


def _is_number(low: float, high: float, *, whole: bool = False) -> tuple[_Check, str]:
    kinds = (int,) if whole else (int, float)

    def check(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        # Compare before converting to a float: an integer may be too large for one.
        return low <= value <= high and math.isfinite(value)

    return check, f"a {'whole ' if whole else ''}number from {low:g} to {high:g}"


def _are_languages(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and 0 < len(one) <= 40 for one in cast("list[object]", value)
    )


SAMPLING = ("temperature", "top_p", "top_k", "repeat_penalty", "max_tokens")
"""Keys of the front matter that set the sampling."""

_KEYS: Mapping[str, tuple[_Check, str]] = {
    "title": (_is_title, f"a text on one line, up to {_MAX_TITLE} characters"),
    "kind": (_is_kind, "a kind such as refactor.rewrite or quickfix, and none that runs at each save"),
    "scope": _is_one_of(get_args(Scope)),
    "output": _is_one_of(get_args(Output)),
    "guard": _is_one_of(get_args(Guard)),
    "system": (_is_text(4000), "a text of up to 4,000 characters"),
    "needs": _is_number(0, 1000),
    "languages": (_are_languages, "a list of language identifiers"),
    "sentences": _is_number(1, 100, whole=True),
    "temperature": _is_number(0, 2),
    "top_p": _is_number(0.01, 1),
    "top_k": _is_number(0, 1000, whole=True),
    "repeat_penalty": _is_number(0.5, 2),
    "max_tokens": _is_number(1, 32_768, whole=True),
}
