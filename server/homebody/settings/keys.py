"""The table of keys, derived from the schema: one row for each setting, and how its values are checked.

The documentation and VS Code's ``package.json`` are made from it too.
"""

import difflib
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, TypeGuard, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from homebody.settings.schema import OwnSettings, is_server_url

Style: TypeAlias = Literal["snake", "camel", "variable"]

_PREFIX = "HOMEBODY_"
_IN_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a table of true or false by name",
    "string": "one line of text",
}
_ENTRY = re.compile(r"^(\w+)\n((?:[ ]{4}.+\n?)+)", re.MULTILINE)
"""An attribute in a docstring, and what it says about it."""

_USER = re.compile(r"//[^/@]*@")
"""A name, and often a password, in an address."""

# No ``..``, no empty name, no open bracket, no backslash at the end.
_PATTERN = re.compile(r"(?!(?:.*/)?\.\.(?:/|\Z))(?!.*//)(?:[^\\\[]|\\[^/]|\[[!^]?\]?[^\]/]*\])+", re.DOTALL)


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
    user_file
        Only taken from the user's settings file.
    path_like
        A value that looks like a path is one, relative to the folder of its source.
    secret
        Never shown.
    restricts
        It can reduce what is sent or kept, or choose who gets it: no default replaces a wrong value.

    """

    path: tuple[str, ...]
    type: Any
    default: object
    description: str
    machine: bool = False
    user_file: bool = False
    path_like: bool = False
    secret: bool = False
    restricts: bool = False

    @property
    def snake(self) -> str:
        """As in TOML: ``completion.max_tokens``."""
        return ".".join(self.path)

    @property
    def camel(self) -> str:
        """As in LSP and VS Code, without ``homebody.``: ``completion.maxTokens``."""
        return ".".join(map(_camel, self.path))

    @property
    def variable(self) -> str:
        """As an environment variable: ``HOMEBODY_COMPLETION_MAX_TOKENS``."""
        return _PREFIX + "_".join(self.path).upper()

    def named(self, style: Style) -> str:
        """Return the name in one of the three styles."""
        return {"snake": self.snake, "camel": self.camel, "variable": self.variable}[style]

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the value, without title, description and default."""
        schema = msgspec.json.schema(self.type)
        schema.pop("description", None)
        return schema | {"enum": choices} if (choices := _choices(self.type)) else schema

    @property
    def example(self) -> object:
        """A value for a file that shows all keys: the default, or an example for a key without one."""
        kinds = self.schema.get("anyOf", [self.schema])
        examples = [example for kind in kinds for example in kind.get("examples", ())]
        return self.default if self.default is not None else next(iter(examples), "")

    @property
    def allowed(self) -> str:
        """The allowed values, in words: ``"a whole number from 1 to 4096"``."""
        return allowed_values(self.type)


@cache
def all_keys() -> tuple[Key, ...]:
    """All keys, in the order of the schema."""
    return tuple(_keys_of(OwnSettings, ()))


@cache
def by_path() -> Mapping[tuple[str, ...], Key]:
    """All keys by their path."""
    return {key.path: key for key in all_keys()}


@cache
def sections() -> Mapping[tuple[str, ...], str]:
    """Paths of the tables that contain keys, with a description of each."""
    tables = _tables()
    return {
        path: (_described(tables[path[:-1]]).get(path[-1]) or _first_line(table)) if path else ""
        for path, table in tables.items()
    }


def json_schema() -> dict[str, Any]:
    """JSON schema of the settings files."""
    schema = msgspec.json.schema(OwnSettings)
    for struct in set(_tables().values()):
        definition = schema["$defs"][struct.__name__]
        definition["description"] = _first_line(struct)
        for name, text in _described(struct).items():
            definition["properties"][name]["description"] = text
    return schema


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that may be meant by ``name``; empty if none looks like it."""
    # difflib is quadratic in the length, which a hostile file controls.
    return next(iter(difflib.get_close_matches(name[:80], names, n=1)), "")


def allowed_values(annotated: Any) -> str:  # noqa: ANN401 - types are values of any kind here
    """Describe the values of a type: by its ``Meta``, otherwise by its choices or its range."""
    schema = msgspec.json.schema(annotated)
    if "description" in schema:
        return schema["description"]
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    choices = [f"`{value}`" for value in _choices(annotated)] or [
        f"`{value}`" for kind in kinds for value in kind.get("enum", ())
    ]
    words = [_IN_WORDS[kind["type"]] + _range(kind) for kind in kinds if "enum" not in kind]
    *values, last = [*choices, *words]
    return f"{', '.join(values)} or {last}" if values else last


class BadValue(ValueError):
    """The key does not allow this value."""


def checked(key: Key, sent: object, *, strict: bool = True) -> object:
    """Convert without guessing: ``"false"`` is not a bool. ``None``: not set.

    ``strict`` is false for a text, which is converted to the type of the key. Raises ``BadValue``.
    """
    if sent == "" and key.default is None:
        return None  # an empty field of a settings page
    if isinstance(sent, float) and sent.is_integer() and key.schema.get("type") != "number":
        sent = int(sent)  # JSON from Lua and JavaScript has no whole numbers
    try:
        value = cast("object", msgspec.convert(sent, key.type, strict=strict))
    except (msgspec.ValidationError, OverflowError, RecursionError) as error:
        raise BadValue from error
    if not all(text.isprintable() for text in _texts(value)):
        raise BadValue  # control characters would get into headers, paths and terminals
    if key.path[-1] == "url" and not is_server_url(str(value)):
        raise BadValue
    if key.camel == "context.ignore" and not all(map(_can_match, _texts(value))):
        raise BadValue
    return value


def read(key: Key, text: str) -> object:
    """Convert a text from a variable or a flag to the type of the key.

    Lists are separated by commas or written as JSON, tables are ``python=true,markdown=false`` or JSON,
    switches are true, 1 or false, 0. Raises ``BadValue``.
    """
    text = text.strip()
    value: object = text
    match key.schema.get("type"):
        case "array" | "object" if text[:1] in {"[", "{"}:
            try:
                value = cast("object", json.loads(text))
            except (ValueError, RecursionError) as error:
                raise BadValue from error
        case "array":
            value = [item.strip() for item in text.split(",") if item.strip()]
        case "object":
            pairs = (item.partition("=") for item in text.split(","))
            value = {name.strip(): switch.strip() for name, _, switch in pairs}
        case _:
            pass
    return checked(key, value, strict=isinstance(value, list))


def shorten(value: object) -> str:
    """Show a value from an untrusted source: short, on one line, without control characters."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        items = cast("list[object]", value)
        short = len(items) <= 5 and not any(isinstance(item, list | dict) for item in items)
        return f"[{', '.join(map(shorten, items))}]" if short else "that list"
    # Python refuses to write out numbers of thousands of digits.
    if isinstance(value, int | float) and abs(value) >= 1e300:
        return "a number of that size"
    return printable(_USER.sub("//***@", json.dumps(value, ensure_ascii=False, default=str)))


def printable(text: str) -> str:
    """Cut ``text`` to 60 characters and replace characters that are not printable."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


@cache
def _tables() -> Mapping[tuple[str, ...], type[Struct]]:
    """All tables by their path, the outer one before those in it."""
    tables: dict[tuple[str, ...], type[Struct]] = {}

    def visit(struct: type[Struct], path: tuple[str, ...]) -> None:
        tables[path] = struct
        for field in msgspec.structs.fields(struct):
            if _is_table(field.type):
                visit(field.type, (*path, field.name))

    visit(OwnSettings, ())
    return tables


def _keys_of(struct: type[Struct], path: tuple[str, ...]) -> Iterator[Key]:
    descriptions = _described(struct)
    for field in msgspec.structs.fields(struct):
        here = (*path, field.name)
        if _is_table(field.type):
            yield from _keys_of(field.type, here)
            continue
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        about = descriptions[field.name]
        if len(path) > 1:  # an override: its block has the default, and its siblings are meant
            default, about = None, about.replace("`backend.", f"`{'.'.join(path)}.")
        yield Key(here, field.type, default, about, **_extra(field.type))


def _is_table(annotated: Any) -> TypeGuard[type[Struct]]:  # noqa: ANN401 - types are values of any kind here
    return isinstance(annotated, type) and issubclass(annotated, Struct)


def _described(struct: type[Struct]) -> dict[str, str]:
    """Return what the docstring says about each attribute."""
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(inspect.getdoc(struct) or "")}


def _first_line(struct: type[Struct]) -> str:
    return (struct.__doc__ or "").partition("\n")[0]


def _extra(annotated: Any) -> dict[str, bool]:  # noqa: ANN401 - types are values of any kind here
    metas = get_args(annotated)[1:] if get_origin(annotated) is Annotated else ()
    return {name: True for meta in metas if isinstance(meta, Meta) for name in meta.extra or ()}


def _choices(annotated: Any) -> list[object]:  # noqa: ANN401 - types are values of any kind here
    """Return the values of a ``Literal``, in the order of the source."""
    inner = get_args(annotated)[0] if get_origin(annotated) is Annotated else annotated
    return list(get_args(inner)) if get_origin(inner) is Literal else []


def _range(schema: Mapping[str, Any]) -> str:
    return f" from {schema['minimum']:.12g} to {schema['maximum']:.12g}" if "maximum" in schema else ""


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _can_match(pattern: str) -> bool:
    """Whether a pattern of ``context.ignore`` can match a path; git would ignore one that cannot."""
    return not pattern or bool(_PATTERN.fullmatch(pattern.removeprefix("!").removesuffix("/")))


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, including the names in a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | dict):
        for item in cast("Iterable[object]", value):
            yield from _texts(item)
