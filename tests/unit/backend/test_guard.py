"""The guard: only this machine, Unix sockets and the user's allowed hosts are connected to."""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from homebody.backend.guard import AllowedHost, GuardedTransport, authorities, is_loopback
from homebody.errors import (
    BackendProtocolError,
    BackendUnavailable,
    ConnectionForbidden,
    SettingsError,
)
from support.loopback import LoopbackServer, Reply, Request
from support.needs import needs
from support.until import until


async def say_hello(request: Request, reply: Reply) -> None:
    await reply.json({"host": request.headers["host"]}, headers={"set-cookie": "who=you"})


def resolver(*addresses: str):
    async def resolve(name: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


async def get(url: str, transport: GuardedTransport) -> httpx.Response:
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        return await client.get(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:ffff:7f00:1"]
)
def test_loopback_addresses_are_this_machine(address: str):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "::",
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1%lo",
        "::1%eth0",
        "128.0.0.1",
        "2002:7f00:1::",
        "not an address",
        "",
    ],
)
def test_all_other_addresses_are_not(address: str):
    """Wildcards and addresses that only look like loopback are refused."""
    assert not is_loopback(address)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "model.localhost"])
async def test_a_name_of_this_machine_is_connected_to_with_its_own_host_header(name: str):
    with LoopbackServer(say_hello) as server:
        transport = GuardedTransport(resolve=resolver("192.0.2.1"))
        response = await get(f"http://{name}:{server.port}/", transport)
    assert response.json() == {"host": f"{name.lower()}:{server.port}"}


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "0.0.0.0",
        "[::]",
        "[::ffff:192.0.2.1]",
        "169.254.169.254",
        "127.0.0.1.example",
        "localhost.example",
    ],
)
async def test_another_host_is_refused_before_anything_is_sent(host: str):
    """The message names the host, and the entry that would allow it."""
    transport = GuardedTransport(resolve=resolver("192.0.2.1"))
    with pytest.raises(ConnectionForbidden, match=rf"nothing was sent.*{host.strip('[]')}\]?:8000"):
        await get(f"http://{host}:8000/", transport)


async def test_no_name_server_is_asked_for_a_name_that_is_not_allowed():
    """The query itself would leave the machine, and reveal which server is used."""
    asked: list[str] = []

    async def listening(name: str, port: int) -> Sequence[str]:
        asked.append(name)
        return ["127.0.0.1"]

    with pytest.raises(ConnectionForbidden, match=r"if it is this machine, write 127\.0\.0\.1"):
        await get("http://here.example:8000/", GuardedTransport(resolve=listening))

    assert asked == []


async def test_a_name_is_resolved_once_so_it_cannot_answer_twice_differently():
    answers = [["127.0.0.1"], ["192.0.2.1"]]
    asked: list[str] = []

    async def rebinding(name: str, port: int) -> Sequence[str]:
        asked.append(name)
        return answers[len(asked) - 1]

    with LoopbackServer(say_hello) as server:
        transport = GuardedTransport([AllowedHost("rebind.example", server.port)], resolve=rebinding)
        response = await get(f"http://rebind.example:{server.port}/", transport)

    assert (response.status_code, asked) == (200, ["rebind.example"])


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001"])
async def test_odd_spellings_of_an_address_are_checked_by_what_they_mean(host: str):
    with LoopbackServer(say_hello) as server:
        try:
            response = await get(f"http://{host}:{server.port}/", GuardedTransport())
        except ConnectionForbidden:
            return  # not every system reads them as addresses
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("Team.Example.:8000", "team.example"),
        ("[FD00:0:0::7]:8000", "fd00::7"),
        (" 192.0.2.7:8000", "192.0.2.7"),
    ],
)
def test_an_allowed_host_may_be_spelled_in_any_way(entry: str, host: str):
    assert AllowedHost.parse(entry) == AllowedHost(host, 8000)


async def test_an_allowed_host_is_allowed_on_its_port_alone():
    with LoopbackServer(say_hello) as server:
        allowed = [AllowedHost.parse(f"team.example:{server.port}")]
        # The address itself is refused; only the entry allows it.
        transport = GuardedTransport(allowed, resolve=resolver("127.0.0.1"))
        response = await get(f"http://TEAM.example:{server.port}/", transport)
        refusing = GuardedTransport(allowed, resolve=resolver("192.0.2.1"))
        with pytest.raises(ConnectionForbidden):
            await get("http://team.example:1/", refusing)
        with pytest.raises(ConnectionForbidden):
            await get(f"http://other.team.example:{server.port}/", refusing)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "entry",
    ["team.example", "team.example:", ":8000", "", "http://team.example:8000", "a:b", "a:99999", "u@a:1"],
)
def test_an_entry_without_host_and_port_is_a_settings_error(entry: str):
    with pytest.raises(SettingsError, match="allowedHosts"):
        AllowedHost.parse(entry)


async def test_a_name_that_cannot_be_resolved_is_unavailable():
    with pytest.raises(BackendUnavailable, match="cannot be resolved"):
        await get("http://nobody.invalid:8000/", GuardedTransport([AllowedHost("nobody.invalid", 8000)]))


async def test_an_answer_without_end_is_cut_off():
    async def flood(request: Request, reply: Reply) -> None:
        await reply.begin("text/plain")
        while not reply.client_is_gone:
            await reply.send("x" * 1000)

    with LoopbackServer(flood) as server, pytest.raises(BackendProtocolError, match="did not end"):
        await get(server.url, GuardedTransport(max_answer_bytes=10_000))


async def test_an_answer_of_many_tiny_chunks_leaves_room_for_others():
    """Chunks that arrive together are not handled in one go: a hostile server could stall everything."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def tiny(request: Request, reply: Reply) -> None:
        await reply.begin("text/plain")
        reply.writer.write(b"1\r\nx\r\n" * 10_000)
        await reply.end()

    counting = asyncio.create_task(count())
    with LoopbackServer(tiny) as server:
        response = await get(server.url, GuardedTransport())
    counting.cancel()

    assert response.text == "x" * 10_000
    assert turns > 50


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets are POSIX only")
async def test_a_unix_socket_is_this_machine(tmp_path: Path):
    path = str(tmp_path / "model.sock")

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        writer.close()

    async with await asyncio.start_unix_server(hello, path):
        response = await get("http://localhost/", GuardedTransport(unix_socket=path))

    assert response.text == "hi"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "team.pem"
    command = [needs("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=team.example", "-addext", "subjectAltName=DNS:team.example"]
    files = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.mark.parametrize(
    ("trusted", "name", "served"),
    [(True, "team.example", True), (False, "team.example", False), (True, "other.example", False)],
    ids=["trusted", "unknown authority", "another name"],
)
async def test_tls_is_verified_against_the_name_that_the_user_wrote(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool, name: str, served: bool
):
    heard: list[bytes] = []

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")
        writer.close()
        await writer.wait_closed()

    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    authorities.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with await asyncio.start_server(hello, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"https://{name}:{port}/"
        transport = GuardedTransport([AllowedHost(name, port)], resolve=resolver("127.0.0.1"))
        if served:
            assert (await get(url, transport)).text == "hi"
        else:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await get(url, transport)
        # The server's side of a connection outlives the client's.
        await until(lambda: len(asyncio.all_tasks()) == 1)

    authorities.cache_clear()
    assert heard == ([b"GET "] if served else [])


async def test_proxy_variables_are_not_followed(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with LoopbackServer(say_hello) as server:
        response = await get(server.url, GuardedTransport())
    assert response.status_code == 200
