"""LSP's framing: headers and bodies from a blocking source of bytes."""

from collections.abc import Callable, Iterator

_CHUNK = 64 * 1024
_NAMES = (b"content-length", b"content-type")
_LONGEST_HEADER = 4096
# An opened document is sent as a whole; no supported document is nearly this large.
_LONGEST_BODY = 512 * 1024 * 1024


class FramingError(Exception):
    """The bytes are not LSP messages; there is no way to find the next one."""


def read_bodies(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the body of each message until the source ends, even in the middle of a message.

    Only LSP's own two headers are accepted. A web page that posts to the port of ``--tcp`` is refused
    immediately, because its browser sends a request line and other headers first.

    Parameters
    ----------
    read
        Returns at most as many bytes as asked for, at least one; none at the end.

    Raises
    ------
    FramingError
        A header is not LSP's, or a length is out of bounds.

    """
    buffer = bytearray()
    while True:
        while (header := find_header(buffer)) is None:
            if not (more := read(_CHUNK)):
                return
            buffer += more
        start, length = header
        del buffer[:start]
        while len(buffer) < length:
            if not (more := read(max(_CHUNK, length - len(buffer)))):
                return
            buffer += more
        yield bytes(buffer[:length])
        del buffer[:length]


def find_header(buffer: bytearray) -> tuple[int, int] | None:
    """Start of the body and its length, both in bytes; ``None`` while the header is incomplete.

    Raises
    ------
    FramingError
        The bytes cannot be the beginning of a header of LSP.

    """
    beginning = bytes(buffer[: len(_NAMES[0])]).lower()
    if not any(name.startswith(beginning) or beginning.startswith(name) for name in _NAMES):
        message = f"{bytes(buffer[:80])!r} is not a header of LSP"
        raise FramingError(message)
    end = buffer.find(b"\r\n\r\n", 0, _LONGEST_HEADER)
    if end >= 0:
        return end + 4, _length(bytes(buffer[:end]))
    if len(buffer) >= _LONGEST_HEADER:
        message = f"the header of a message is longer than {_LONGEST_HEADER} bytes"
        raise FramingError(message)
    return None


def _length(header: bytes) -> int:
    """Length of the body in bytes, from a complete header."""
    length = -1
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        digits = value.strip()
        match name.strip().lower():
            # No valid length has twenty digits, and int() refuses thousands of digits.
            case b"content-length" if digits.isdigit() and len(digits) <= 20:
                length = int(digits)
            case b"content-type" if colon:
                pass
            case _:
                message = f"{line[:80]!r} is not a header of LSP"
                raise FramingError(message)
    if not 0 <= length <= _LONGEST_BODY:
        message = f"a message of {length} bytes" if length >= 0 else "a message without its length"
        raise FramingError(message)
    return length
