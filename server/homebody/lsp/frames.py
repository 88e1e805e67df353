"""LSP's framing: headers and bodies out of a blocking byte source.

In: a function that reads bytes. Out: bodies of messages, one by one.
Knows nothing of what is in them.
"""

from collections.abc import Callable, Iterator

_CHUNK = 64 * 1024
_LONGEST_HEADER = 4096
# A document is sent whole when it is opened; nothing that is served comes near this.
_LONGEST_BODY = 512 * 1024 * 1024


class FramingError(Exception):
    """The bytes are not LSP messages; there is no way to find the next one."""


def read_bodies(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the body of each message until the source ends, also in the middle of one.

    Only LSP's own two headers pass. So a web page that posts to the port of ``--tcp`` gets nowhere:
    its browser puts a request line and headers of its own in front.

    Parameters
    ----------
    read
        Returns at most as many bytes as asked for, at least one; none at the end.

    Raises
    ------
    FramingError
        A header is none of LSP's, or a length is out of bounds.

    """
    buffer = bytearray()
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            if len(buffer) > _LONGEST_HEADER:
                message = "no LSP header in the first bytes of a message"
                raise FramingError(message)
            if b"\r\n" in buffer:
                _header_length(bytes(buffer[: buffer.rindex(b"\r\n")]), complete=False)
            if not (more := read(_CHUNK)):
                return
            buffer += more
        length = _header_length(bytes(buffer[:end]))
        del buffer[: end + 4]
        while len(buffer) < length:
            if not (more := read(max(_CHUNK, length - len(buffer)))):
                return
            buffer += more
        yield bytes(buffer[:length])
        del buffer[:length]


def _header_length(header: bytes, *, complete: bool = True) -> int:
    """Length of the body in bytes, as the headers tell it; 0 while they are not complete."""
    length = -1
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        match name.strip().lower():
            case b"content-length" if value.strip().isdigit():
                length = int(value)
            case b"content-type" if colon:
                pass
            case _:
                message = f"{line[:80]!r} is no header of LSP"
                raise FramingError(message)
    if not complete:
        return 0
    if not 0 <= length <= _LONGEST_BODY:
        message = f"a message of {length} bytes" if length >= 0 else "a message without its length"
        raise FramingError(message)
    return length
