"""The header of a GGUF file: metadata and tensor sizes, read in milliseconds.

Knows the file format (version 2 and 3, little-endian), but not what the keys mean. Lists of strings (a
vocabulary has up to 250,000) stay packed. The ``gguf`` package is not used because it needs 1.7 s to decode
them and depends on numpy. Tests compare the two.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypeAlias

from homebody.errors import ModelFileInvalid

_U64 = struct.Struct("<Q")

Scalar: TypeAlias = "int | float | bool | str"
Value: TypeAlias = "Scalar | tuple[int | float | bool, ...] | Strings"


@dataclass(frozen=True, slots=True)
class Strings:
    """A packed list of ``count`` strings, each with its length in 8 bytes before it."""

    packed: bytes
    count: int

    def __contains__(self, text: str) -> bool:
        """Whether ``text`` is one of them."""
        encoded = text.encode()
        return struct.pack("<Q", len(encoded)) + encoded in self.packed

    def __getitem__(self, index: int) -> str:
        """The string at ``index``. Takes linear time, so do not call it in a loop."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        position = 0
        for _ in range(index):
            position += 8 + _U64.unpack_from(self.packed, position)[0]
        (length,) = _U64.unpack_from(self.packed, position)
        return self.packed[position + 8 : position + 8 + length].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The part of a file before the weights.

    Attributes
    ----------
    metadata
        By key, as the file has them.
    parameters
        Number of weights.

    """

    metadata: Mapping[str, Value]
    parameters: int

    def text(self, key: str) -> str | None:
        """The string under ``key``; ``None`` if the key is missing or its value is not a string."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | None:
        """The whole number under ``key``; of a list, the largest."""
        value = self.metadata.get(key)
        if isinstance(value, tuple):
            return max((int(item) for item in value), default=None)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of ``path``.

    Raises
    ------
    ModelFileInvalid
        The file cannot be read, is not a GGUF file, has a version or byte order that llama.cpp does not
        support, or is shorter than its header says.

    """
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                message = f"{path} is not a GGUF file: convert it, or choose a file whose name ends in .gguf."
                raise ModelFileInvalid(message)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _HeaderReader(data).header()
    except (struct.error, OverflowError, _Malformed) as error:
        message = f"{path} is damaged or was not downloaded to its end ({error}): fetch it again."
        raise ModelFileInvalid(message) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{path} cannot be read ({reason}): check the path and its permissions."
        raise ModelFileInvalid(message) from error


class _Malformed(Exception):
    """The header contradicts itself or the file's length."""


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - as ``assert``, which may be off
    if not holds:
        raise _Malformed(otherwise)


# Value types of the metadata by ggml's number, as ``struct`` names them; 8 is a string, 9 a list.
_CODES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _LIST = 8, 9
_LONGEST_LIST = 1 << 24  # far more than any list of a real model


class _HeaderReader:
    """Walks the mapped file once, from front to back."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 4

    def header(self) -> GgufHeader:
        (version,) = self._take("I")
        is_big_endian = int.from_bytes(version.to_bytes(4, "little"), "big") in {2, 3}
        _require(not is_big_endian, "big-endian weights")
        _require(version in {2, 3}, f"GGUF version {version}, not 2 or 3")
        tensors, keys = self._take("QQ")
        metadata: dict[str, Value] = {}
        for _ in range(keys):
            key = self._string()
            metadata[key] = self._value(*self._take("I"))
        # The last weights have to begin in the file; llama.cpp checks the rest.
        parameters = last = 0
        for _ in range(tensors):
            self._string()
            (dimensions,) = self._take("I")
            _require(dimensions <= 4, f"a tensor of {dimensions} dimensions")
            parameters += prod(self._take(f"{dimensions}Q"))
            _, offset = self._take("IQ")
            last = max(last, offset)
        size = len(self._data)
        _require(self._at + last <= size, f"it ends after {size} bytes, before its last weights")
        return GgufHeader(metadata, parameters)

    def _take(self, codes: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{codes}", self._data, self._at)
        self._at += struct.calcsize(f"<{codes}")
        return values

    def _string(self) -> str:
        (length,) = self._take("Q")
        end = self._at + length
        _require(end <= len(self._data), "a text that reaches past the end")
        text = self._data[self._at : end].decode("utf-8", "replace")
        self._at = end
        return text

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string()
        is_list = kind == _LIST
        kind, count = self._take("IQ") if is_list else (kind, 1)
        _require(count <= _LONGEST_LIST, f"a list of {count} values")
        if kind == _STRING:
            return self._strings(count)
        _require(kind in _CODES, f"a value of unknown type {kind}")
        values = self._take(f"{count}{_CODES[kind]}")
        return values if is_list else values[0]

    def _strings(self, count: int) -> Strings:
        start = position = self._at
        data, unpack = self._data, _U64.unpack_from
        for _ in range(count):
            position += 8 + unpack(data, position)[0]
        _require(position <= len(data), "a list that reaches past the end")
        self._at = position
        return Strings(data[start:position], count)
