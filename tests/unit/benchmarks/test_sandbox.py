"""Programs that a model wrote are run in a sandbox."""

import pytest

from measure import sandbox


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("assert 1 + 1 == 2", True),
        ("assert 1 + 1 == 3", False),
        ("this is no Python", False),
        ("import socket; socket.create_connection(('127.0.0.1', 1))", False),
        ("import subprocess; subprocess.run(['true'])", False),
        ("x = bytearray(2 ** 31)", False),
    ],
)
def test_a_program_passes_only_if_it_succeeds(source, expected):
    """Sockets, processes and too much memory end it."""
    assert sandbox.passes(source) is expected


def test_a_program_that_does_not_end_is_ended(monkeypatch):
    """After a time limit, which is shorter here."""
    monkeypatch.setattr(sandbox, "SECONDS", 1.0)
    assert not sandbox.passes("while True: pass")
