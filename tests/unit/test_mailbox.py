"""Messages to a reader that is slow, gone, or does not read at all."""

import threading

import pytest

from homebody.mailbox import Outbox, ReaderGone


class Reader:
    """Takes at most ``piece`` bytes at once, and nothing before ``reads`` is set."""

    def __init__(self, piece: int = 3) -> None:
        self.reads = threading.Event()
        self.asked = threading.Event()
        self.gone = threading.Event()
        self.taken = b""
        self._piece = piece

    def send(self, data: memoryview) -> int:
        self.asked.set()
        self.reads.wait()
        if self.gone.is_set():
            raise BrokenPipeError
        piece = bytes(data[: self._piece])
        self.taken += piece
        return len(piece)


@pytest.fixture
def reader():
    """A reader that reads at the end, so that no thread is left."""
    reader = Reader()
    yield reader
    reader.reads.set()


def test_messages_arrive_whole_and_in_their_order(reader):
    outbox = Outbox(reader.send)
    reader.reads.set()
    for number in range(100):
        outbox.write(b"message %d;" % number)
    outbox.close(60)
    assert b"".join(b"message %d;" % number for number in range(100)) == reader.taken


def test_a_reader_that_does_not_read_is_not_waited_for_and_costs_bounded_memory(reader):
    outbox = Outbox(reader.send, most_bytes=100)
    for _ in range(10):
        outbox.write(b"0123456789")
    with pytest.raises(ReaderGone):
        outbox.write(b"!")
    assert outbox.is_full

    reader.reads.set()
    outbox.close(60)
    assert reader.taken == b"0123456789" * 10


def test_a_reader_that_leaves_is_reported_once_and_gets_nothing_more(reader):
    reports: list[bool] = []
    left = threading.Event()

    def on_gone() -> None:
        reports.append(True)
        left.set()

    outbox = Outbox(reader.send, on_gone)
    outbox.write(b"a")
    reader.asked.wait()
    outbox.write(b"b")
    reader.gone.set()
    reader.reads.set()
    left.wait()
    with pytest.raises(ReaderGone):
        outbox.write(b"c")
    outbox.close(60)

    assert (reports, reader.taken) == ([True], b"")
