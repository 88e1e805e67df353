"""Check one value against the type of its key."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec

from homebody.settings.backend_schema import is_server_url
from homebody.settings.keys import Key

_SWITCH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


# No ``..``, no empty name, no open bracket, no backslash at the end.
_PATTERN = re.compile(r"(?!(?:.*/)?\.\.(?:/|\Z))(?!.*//)(?:[^\\\[]|\\[^/]|\[[!^]?\]?[^\]/]*\])+", re.DOTALL)


class BadValue(ValueError):
    """The key does not allow this value."""


def checked(key: Key, sent: object) -> object:
    """Convert without guessing: ``"false"`` is not a bool. ``None``: not set.

    Raises
    ------
    BadValue
        The type, the range or a character is wrong.

    """
    if sent == "" and key.default is None:
        return None  # an empty field of a settings page
    if isinstance(sent, float) and sent.is_integer() and key.schema.get("type") != "number":
        sent = int(sent)  # JSON from Lua and JavaScript has no whole numbers
    try:
        value = cast("object", msgspec.convert(sent, key.type))
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

    Lists are separated by commas or written as JSON, tables are ``python=on,markdown=off`` or JSON,
    switches are true, yes, on, 1 or false, no, off, 0.

    Raises
    ------
    BadValue
        The text cannot be converted.

    """
    text = text.strip()
    for candidate in _candidates(key.schema, text):
        try:
            return checked(key, candidate)
        except BadValue:
            continue
    raise BadValue


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
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def printable(text: str) -> str:
    """Cut ``text`` to 60 characters and replace characters that are not printable."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _can_match(pattern: str) -> bool:
    """Whether a pattern of ``context.ignore`` can match a path; git would ignore one that cannot."""
    return not pattern or bool(_PATTERN.fullmatch(pattern.removeprefix("!").removesuffix("/")))


def _candidates(schema: Mapping[str, Any], text: str) -> Iterator[object]:
    """All values that ``text`` may mean according to the schema, the likeliest first."""
    kinds = {kind.get("type", "enum") for kind in schema.get("anyOf", [schema])}
    if "boolean" in kinds:
        yield _SWITCH.get(text.lower(), text)
    if kinds & {"integer", "number"}:
        yield _number(text)
    if kinds & {"array", "object"} and text[:1] in {"[", "{"}:
        yield _json(text)
    if "array" in kinds:
        yield [item.strip() for item in text.split(",") if item.strip()]
    if "object" in kinds:
        pairs = (item.partition("=") for item in text.split(","))
        yield {name.strip(): _SWITCH.get(switch.strip().lower()) for name, _, switch in pairs}
    yield text


def _number(text: str) -> object:
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def _json(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return text


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, including the names in a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | dict):
        for item in cast("Iterable[object]", value):
            yield from _texts(item)
