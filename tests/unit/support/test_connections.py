"""`support.connections`: what strace writes is read to the letter."""

import pytest

from support.connections import Attempt, read_attempts

# Lines of strace 6.13.
STAYS = r"""
12 connect(3, {sa_family=AF_UNIX, sun_path="/run/nscd/socket"}, 110) = -1 ENOENT (No such file)
12 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
12 connect(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.9.9.9")}, 16 <unfinished ...>
12 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0
12 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:127.0.0.1", &sin6_addr), sin6_scope_id=0}, 28) = 0
12 connect(3, {sa_family=AF_UNSPEC, sa_data="\0\0\0\0"}, 16) = 0
12 sendto(3, ""..., 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20
"""  # noqa: E501 - as strace writes them
STRAYS = r"""
7 connect(3, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("10.99.0.1")}, 16) = -1 ECONNREFUSED
7 connect(3, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0
7 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = -1 ENETUNREACH
7 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:192.0.2.1", &sin6_addr), sin6_scope_id=0}, 28) = 0
7 sendto(3, ""..., 30, 0, {sa_family=AF_INET, sin_port=htons(99), sin_addr=inet_addr("192.0.2.1")}, 16) = 30
7 sendmsg(3, {msg_name={sa_family=AF_INET, sin_port=htons(99), sin_addr=inet_addr("192.0.2.1")}, msg_namelen=16, msg_iov=[], msg_iovlen=0}, 0) = 0
7 sendmmsg(3, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, msg_namelen=16}, msg_len=30}], 2, MSG_NOSIGNAL) = 2
7 connect(3, {sa_family=AF_VSOCK, svm_cid=2, svm_port=99}, 16) = -1 ENODEV
7 connect(3, 0x7ffd1234, 16) = -1 EFAULT (Bad address)
"""  # noqa: E501 - as strace writes them
SILENT = r"""
7 sendto(3, ""..., 40, MSG_NOSIGNAL, NULL, 0) = 40
7 sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[], msg_iovlen=0}, 0) = 10
7 <... connect resumed>) = 0
7 +++ exited with 0 +++
"""


@pytest.mark.parametrize("line", STAYS.strip().splitlines())
def test_connections_within_the_machine_are_allowed(line: str):
    """Unix sockets, loopback and the kernel's own interfaces are home."""
    assert [attempt.stays_home for attempt in read_attempts(line)] == [True]


@pytest.mark.parametrize("line", STRAYS.strip().splitlines())
def test_connections_beyond_the_machine_are_reported(line: str):
    """Other addresses, name services and what cannot be read are not home."""
    assert [attempt.stays_home for attempt in read_attempts(line)] == [False]


@pytest.mark.parametrize("line", SILENT.strip().splitlines())
def test_a_line_without_an_address_names_none(line: str):
    """Data on a connected socket goes where its connect went, which was read."""
    assert read_attempts(line) == []


def test_an_attempt_names_its_process_and_its_address():
    expected = Attempt(pid=7, call="connect", family="AF_INET", address="10.99.0.1", port=9)
    assert [expected] == read_attempts(STRAYS.strip().splitlines()[0])
