"""Connections to a model server: kept between requests, replaced after a restart, closed without harm."""

import msgspec

from homebody.backend.http import ModelServer
from support.loopback import LoopbackServer, Reply, Request


class Props(msgspec.Struct):
    """A reply."""

    ok: bool


async def answer(request: Request, reply: Reply) -> None:
    await reply.whole(b'{"ok": true}', 200, {"set-cookie": "who=you; Path=/"})


async def test_a_kept_connection_that_was_closed_meanwhile_does_no_harm():
    with LoopbackServer(answer) as double:
        server = ModelServer(double.url)
        await server.get("/props", Props)
        double.stop()
        double.start()
        again = await server.get("/props", Props)
        await server.aclose()
    assert again == Props(ok=True)


async def test_connections_are_kept_and_cookies_are_not():
    with LoopbackServer(answer) as double:
        server = ModelServer(double.url)
        for _ in range(3):
            await server.get("/props", Props)
        await server.aclose()
        assert double.connections == 1
        assert all("cookie" not in request.headers for request in double.requests)
