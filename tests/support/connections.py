"""Reads every connection attempt of a program and its children, including native code, from strace's record.

`traced` runs a command in a separate network namespace, where 10.99.0.1 answers on ``lo``, so that wrong
connections reach nobody.
"""

import ipaddress
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.needs import needs, needs_network_namespace

ELSEWHERE = "10.99.0.1"
"""An address that is not loopback and, in the namespace of `traced`, belongs to this machine."""

_CALLS = ("connect", "sendto", "sendmsg", "sendmmsg")
_CALL = re.compile(rf"^(?P<pid>\d+) +(?P<call>{'|'.join(_CALLS)})\((?P<arguments>.*)$")
_FAMILY = re.compile(r"sa_family=(?P<family>\w+)(?P<rest>[^}]*)")
_ADDRESS = re.compile(r'inet_addr\("(?P<v4>[^"]+)"\)|inet_pton\(AF_INET6, "(?P<v6>[^"]+)"')
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
# The kernel's own interfaces; AF_UNSPEC removes an address from a socket.
_WITHIN_THE_MACHINE = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}
# A resolver on loopback forwards queries.
_NAME_SERVICE_PORTS = {53, 853, 5353, 5355}


@dataclass(frozen=True)
class Attempt:
    """One address that a system call named. ``address`` and ``port`` are ``None`` except for IP."""

    pid: int
    call: str
    family: str
    address: str | None = None
    port: int | None = None

    @property
    def stays_home(self) -> bool:
        """Whether it reaches only this machine, and no name service."""
        if self.family in _WITHIN_THE_MACHINE:
            return True
        if self.address is None or self.port in _NAME_SERVICE_PORTS:
            return False
        address = ipaddress.ip_address(self.address)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address.is_loopback


@dataclass(frozen=True)
class Trace:
    """Trace of a command: its result, its connection attempts, and the watched processes."""

    result: subprocess.CompletedProcess[str]
    attempts: tuple[Attempt, ...]
    pids: frozenset[int]

    @property
    def strays(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if not attempt.stays_home]


def traced(
    command: Sequence[str | Path], record: Path, environment: Mapping[str, str] | None = None
) -> Trace:
    """Run a command under strace in its own network namespace, and read what it and its children tried.

    ``record`` is the file for strace's output.
    """
    watch = [needs("strace"), "--follow-forks", "--seccomp-bpf", "--string-limit=0", f"--output={record}"]
    result = subprocess.run(
        in_namespace([*watch, f"--trace={','.join(_CALLS)}", "--", *command]),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = record.read_text().splitlines()
    attempts = tuple(attempt for line in lines for attempt in read_attempts(line))
    return Trace(result, attempts, frozenset(int(line.split(maxsplit=1)[0]) for line in lines))


def in_namespace(command: Sequence[str | Path]) -> list[str | Path]:
    """Return a command that runs this one where only loopback is there, with ``ELSEWHERE`` on it."""
    lay_out = f'"$0" link set lo up && "$0" address add {ELSEWHERE}/32 dev lo && exec "$@"'
    return [*needs_network_namespace(), "sh", "-c", lay_out, needs("ip", "iproute2"), *command]


def read_attempts(line: str) -> list[Attempt]:
    """Addresses in one line of strace's record; none for a socket that is already connected.

    An address that cannot be parsed counts as one outside of this machine.
    """
    match = _CALL.match(line)
    if match is None:
        return []
    found: list[Attempt] = []
    for place in _FAMILY.finditer(match["arguments"]):
        address, port = _ADDRESS.search(place["rest"]), _PORT.search(place["rest"])
        found.append(
            Attempt(
                pid=int(match["pid"]),
                call=match["call"],
                family=place["family"],
                address=(address["v4"] or address["v6"]) if address else None,
                port=int(port[1]) if port else None,
            )
        )
    if not found and match["call"] == "connect":  # connect always has an address
        found.append(Attempt(int(match["pid"]), match["call"], "unread"))
    return found
