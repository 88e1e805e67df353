"""Nothing leaves the machine: every connection that a whole session tries, as the kernel sees it."""

import sys
from pathlib import Path

from support.connections import ELSEWHERE, traced

# A child of a child, so that what is caught shows that children are watched; TCP and UDP.
PLANTED = f"""
import socket, subprocess, sys
child = '''
import socket
with socket.socket() as tcp:
    tcp.connect_ex(("{ELSEWHERE}", 9))
with socket.socket(type=socket.SOCK_DGRAM) as udp:
    udp.sendto(b"name?", ("{ELSEWHERE}", 53))
'''
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_a_planted_connection_is_caught(tmp_path: Path):
    """What a child's child tries beyond the loopback is seen, by TCP and by UDP."""
    trace = traced([sys.executable, "-c", PLANTED], tmp_path / "strace")

    assert trace.result.returncode == 0, trace.result.stderr
    assert [(attempt.call, attempt.address, attempt.port) for attempt in trace.strays] == [
        ("connect", ELSEWHERE, 9),
        ("sendto", ELSEWHERE, 53),
    ]
