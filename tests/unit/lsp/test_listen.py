"""The port of ``--tcp``: which connections are served and which are closed."""

import socket
import threading
from collections.abc import Iterator

import pytest

from homebody.lsp.transport import open_listener, wait_for_client

HEADER = b"Content-Length: 2\r\n\r\n"


class Port:
    """A listener that waits for its client in a thread."""

    def __init__(self) -> None:
        self.found: tuple[socket.socket, bytes] | None = None
        self.opened: list[socket.socket] = []
        self.listener = open_listener("127.0.0.1", 0)
        self.thread = threading.Thread(target=self.wait, daemon=True)
        self.thread.start()

    def wait(self) -> None:
        self.found = wait_for_client(self.listener)

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(self.listener.getsockname(), timeout=60)
        self.opened.append(connection)
        connection.sendall(data)
        return connection

    def served(self) -> bytes:
        self.thread.join(60)
        return self.found[1]


@pytest.fixture
def port(capfd) -> Iterator[Port]:
    port = Port()
    yield port
    for connection in [*port.opened, *(port.found or ())[:1], port.listener]:
        connection.close()


@pytest.mark.parametrize(
    "stray",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"Content-Length: x\r\n\r\n", b"Content-Lengthy: 2\r\n\r\n"],
    ids=["browser", "TLS", "bad length", "other header"],
)
def test_a_connection_that_does_not_speak_lsp_is_closed_and_the_next_one_served(port: Port, stray: bytes):
    assert port.connect(stray).recv(1) == b""
    port.connect(HEADER + b"{}")
    assert port.served() == HEADER + b"{}"


def test_silent_connections_do_not_block_the_editor(port: Port):
    silent = [port.connect(b"Content-Le"[: number % 11]) for number in range(40)]
    port.connect(HEADER)
    assert port.served() == HEADER
    assert all(_is_closed(connection) for connection in silent)


def test_a_client_may_send_its_header_byte_by_byte(port: Port):
    """The server waits for a slow client."""
    connection = port.connect()
    for byte in HEADER:
        connection.sendall(bytes([byte]))
    assert port.served() == HEADER


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
