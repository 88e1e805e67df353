"""LSP's framing, for any division of the bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.lsp.transport import FramingError, read_bodies


class Pieces(io.RawIOBase):
    """A pipe that returns its bytes in pieces of these sizes, then the rest."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._left = memoryview(data)
        self._sizes = list(sizes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        size = min(len(buffer), len(self._left), *self._sizes[:1])
        del self._sizes[:1]
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.integers(1, 7)))
def test_bodies_come_out_as_they_went_in(bodies: list[bytes], sizes: list[int]):
    data = b"".join(_frame(body) for body in bodies)
    assert bodies == list(read_bodies(io.BufferedReader(Pieces(data, sizes))))


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"Content-Type: text/plain\r\n\r\n{}",
        b"{}" * 5000,
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: " + b"9" * 4000 + b"\r\n\r\n",
        b"Content-Type: " + b"x" * 5000,
        b"\0",
    ],
    ids=[
        "HTTP",
        "negative",
        "no number",
        "too long",
        "no length",
        "no header",
        "5,000 digits",
        "4,000 digits",
        "endless header",
        "one byte",
    ],
)
def test_input_that_is_not_lsp_ends_the_connection(data: bytes):
    """A web page that posts to the port is disconnected at its request line, and so is any other noise."""
    with pytest.raises(FramingError):
        list(read_bodies(io.BytesIO(data)))
