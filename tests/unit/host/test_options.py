"""Arguments and lines of the host are encoded for the other process and decoded without loss."""

import msgspec
import pytest

from homebody.host.shared import HostFailed, HostTaken, Ready, decode_event, encode_event

READY = Ready(
    port=4711,
    api_key="secret",
    pid=1,
    version="1",
    model="m.gguf",
    architecture="llama",
    context_length=8192,
)


@pytest.mark.parametrize("event", [READY, HostFailed("ModelTooLarge", "größer"), HostTaken()])
def test_a_line_is_read_back(event):
    line = encode_event(event)
    assert line.count(b"\n") == 1
    assert decode_event(line) == event


@pytest.mark.parametrize("line", [b"", b"hello", b"{}", b'{"event":"other"}', b'{"event":"ready"}'])
def test_any_other_line_is_rejected(line):
    """A process that prints something else is not a host."""
    with pytest.raises(msgspec.DecodeError):
        decode_event(line)


def test_the_key_is_never_shown():
    assert "secret" not in repr(READY)
