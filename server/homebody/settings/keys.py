"""The table of keys, derived from the schema: one row for each setting.

The loader checks values against it, and the documentation and VS Code's ``package.json`` are made from it.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from homebody.settings.schema import OwnSettings

_PREFIX = "HOMEBODY_"
_IN_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list of texts",
    "object": "a table of true or false by name",
    "string": "a text on one line",
}


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One setting.

    Attributes
    ----------
    path
        Names from the root, in snake case: ``("completion", "max_tokens")``.
    type
        The annotated type that values are checked against.
    default
        The value without any source; ``None`` if it is determined at run time or by another block.
    description
        A sentence or two for users.
    machine
        Read only from the user's own sources, never from a folder that is not trusted.
    user_file_only
        Only taken from the user's settings file.
    path_like
        A value that looks like a path is one, relative to the folder of its source.
    secret
        Never shown.
    restricts
        It can reduce what is sent or kept, or choose who gets it: no default replaces a wrong value.
    allowed
        The allowed values, in words: ``"a whole number from 1 to 4096"``.

    """

    path: tuple[str, ...]
    type: Any
    default: object
    description: str
    machine: bool = False
    user_file_only: bool = False
    path_like: bool = False
    secret: bool = False
    restricts: bool = False
    allowed: str = ""

    @property
    def snake(self) -> str:
        """As in TOML: ``completion.max_tokens``."""
        return ".".join(self.path)

    @property
    def camel(self) -> str:
        """As in LSP and VS Code, without ``homebody.``: ``completion.maxTokens``."""
        return ".".join(_camel(name) for name in self.path)

    @property
    def variable(self) -> str:
        """As an environment variable: ``HOMEBODY_COMPLETION_MAX_TOKENS``."""
        return _PREFIX + "_".join(self.path).upper()

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the value, without title, description and default."""
        return _schema_of(self.type)


@cache
def all_keys() -> tuple[Key, ...]:
    """All keys, in the order of the schema."""
    return tuple(_walk(OwnSettings, ()))


@cache
def by_path() -> Mapping[tuple[str, ...], Key]:
    """All keys by their path."""
    return {key.path: key for key in all_keys()}


@cache
def sections() -> Mapping[tuple[str, ...], str]:
    """Paths of the tables that contain keys, with a description of each."""
    tables: dict[tuple[str, ...], str] = {(): ""}

    def visit(struct: type[Struct], path: tuple[str, ...]) -> None:
        for field in msgspec.structs.fields(struct):
            inner, meta = _split(field.type)
            if isinstance(inner, type) and issubclass(inner, Struct):
                here = (*path, field.name)
                about = meta.description if meta else None
                tables[here] = about or (inner.__doc__ or "").splitlines()[0]
                visit(inner, here)

    visit(OwnSettings, ())
    return tables


@cache
def camel_sections() -> frozenset[tuple[str, ...]]:
    """Paths of the tables as LSP and VS Code write them."""
    return frozenset(tuple(map(_camel, path)) for path in sections())


def nearest(name: str, names: Sequence[str]) -> str:
    """Return the one of ``names`` that looks most like ``name``."""
    # difflib is quadratic in the length, which a hostile file controls.
    return difflib.get_close_matches(name[:80], names, n=1, cutoff=0.0)[0]


def _walk(struct: type[Struct], path: tuple[str, ...]) -> Iterator[Key]:
    for field in msgspec.structs.fields(struct):
        inner, meta = _split(field.type)
        here = (*path, field.name)
        if isinstance(inner, type) and issubclass(inner, Struct):
            yield from _walk(inner, here)
            continue
        description = (meta.description if meta else None) or ""
        extra = (meta.extra if meta else None) or {}
        default = field.default
        if default is msgspec.NODEFAULT:
            default = field.default_factory()
        if len(path) > 1:
            default = None  # an override has its block's description
        yield Key(
            path=here,
            type=field.type,
            default=default,
            description=_about(description, path),
            machine=bool(extra.get("machine")),
            user_file_only=bool(extra.get("user_file")),
            path_like=bool(extra.get("path")),
            secret=bool(extra.get("secret")),
            restricts=bool(extra.get("restricts")),
            allowed=str(extra.get("allowed") or _allowed(_schema_of(field.type))),
        )


def _about(description: str, path: tuple[str, ...]) -> str:
    """Name sibling keys by their own block: in ``chat.backend`` it is ``chat.backend.model``."""
    return description.replace("`backend.", f"`{'.'.join(path)}.") if len(path) > 1 else description


def _split(annotated: Any) -> tuple[Any, Meta | None]:  # noqa: ANN401 - types are values of any kind here
    """Type and outermost ``Meta``, which has the description; the one of a range may lie inside."""
    if get_origin(annotated) is Annotated:
        inner, *metas = get_args(annotated)
        return inner, next((meta for meta in reversed(metas) if isinstance(meta, Meta)), None)
    return annotated, None


def _schema_of(annotated: Any) -> dict[str, Any]:  # noqa: ANN401 - types are values of any kind here
    """JSON schema of a type, without its description and with choices in the order of the source."""
    schema = msgspec.json.schema(annotated)
    schema.pop("description", None)
    inner, _ = _split(annotated)
    if get_origin(inner) is Literal:
        schema["enum"] = list(get_args(inner))
    return schema


def _allowed(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_allowed(kind) for kind in schema["anyOf"] if kind.get("type") != "null")
    if "enum" in schema:
        *values, last = [f"`{value}`" for value in schema["enum"]]
        return f"{', '.join(values)} or {last}" if values else last
    return _IN_WORDS[schema["type"]] + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    if "maximum" not in schema:
        return ""
    return f" from {_plain(schema['minimum'])} to {_plain(schema['maximum'])}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
