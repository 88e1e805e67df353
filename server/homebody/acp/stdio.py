"""The transport of ``homebody acp``: messages over stdin and stdout, until stdin ends.

All other output of this process and of native code goes to a log file, because clients show stderr as an
error. The package's own transport is not used: it ends at a line that is no object, leaves a broken line
unanswered, blocks the event loop on Windows, and sends ``data: null``, at which some clients crash.
"""

import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from acp import CLIENT_METHODS, RequestError, SessionNotification, run_agent
from acp.utils import serialize_params

from homebody.acp.agent import Agent
from homebody.acp.session import Engines
from homebody.mailbox import Inbox, Outbox, end_soon
from homebody.settings.paths import state_dir

if TYPE_CHECKING:
    import acp

logger = logging.getLogger(__name__)

Json: TypeAlias = dict[str, Any]

_MOST_LINE_BYTES = 512 * 1024 * 1024
"""A longer line is read in parts, which are no messages: no memory holds all of it."""

_MOST_UNHANDLED = 4
"""Maximum number of read lines that wait for the event loop; then the client has to wait."""

_MAX_LOG_BYTES = 1024 * 1024

_SURROGATE = re.compile("[\ud800-\udfff]")


def serve_stdio(values: Mapping[str, str], user_file: Path | None) -> int:
    """Serve the client on stdin and stdout until it closes stdin. Returns the exit code."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.dup(1)
    _redirect_output(state_dir() / "acp.log")
    try:
        asyncio.run(_serve(incoming, outgoing, values, user_file))
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(
    incoming: BinaryIO, outgoing: int, values: Mapping[str, str], user_file: Path | None
) -> None:
    transport = Transport(incoming, partial(os.write, outgoing), partial(end_soon, code=0))
    signal.signal(signal.SIGTERM, transport.stop)
    agent = Agent(Engines(values, user_file), transport.notify)
    # It has only the methods that are supported: the others are answered with an error.
    await run_agent(cast("acp.Agent", agent), transport, use_unstable_protocol=True)
    await agent.aclose()
    transport.flush()


class Transport:
    """The messages of one client. Lines that are no messages are answered here.

    Reading ``stream`` and ``send``, which is that of an ``Outbox``, may block: they run in threads.
    """

    def __init__(
        self,
        stream: BinaryIO,
        send: Callable[[memoryview], int],
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = Inbox(iter(partial(stream.readline, _MOST_LINE_BYTES), b""), _MOST_UNHANDLED, on_stop)
        self.stop = self._inbox.stop
        self._outbox = Outbox(send, on_gone=self.stop)

    async def receive(self) -> Json | None:
        """Return the next message; ``None`` at the end."""
        while True:
            # The previous request's task starts first, so that it is answered even if the input ends here.
            await asyncio.sleep(0)
            line = await self._inbox.next()
            if line is None:
                return None
            if not line.strip():
                continue
            try:
                return to_message(line)
            except RequestError as error:
                self._write({"id": None, "error": _error_fields(error.to_error_obj())})

    async def send(self, message: Json) -> None:
        """Send a request or a response."""
        error = message.get("error")
        self._write(message if error is None else {"id": message["id"], "error": _error_fields(error)})

    def notify(self, notification: SessionNotification) -> None:
        """Send an update at once: features report their text to plain callbacks, which cannot wait."""
        params = serialize_params(notification)
        self._write({"method": CLIENT_METHODS["session_update"], "params": params})

    async def close(self) -> None:
        """Do nothing: turns that end with the connection are still answered, until ``flush``."""

    def flush(self) -> None:
        """Give the client some time to read the remaining output."""
        self._outbox.close()

    def _write(self, message: Json) -> None:
        fields = {name: value if name == "id" else _whole(value) for name, value in message.items()}
        line = json.dumps({"jsonrpc": "2.0", **fields}, separators=(",", ":"))
        self._outbox.write(line.encode() + b"\n")


def to_message(line: bytes) -> Json:
    """Read one line.

    Raises
    ------
    RequestError
        The line is not JSON, or not a JSON-RPC message.

    """
    try:
        parsed = json.loads(line.decode(errors="replace"))
        fields = cast("Json", parsed) if isinstance(parsed, dict) else {}
        params, result, error = (_whole(fields.get(name)) for name in ("params", "result", "error"))
    except (ValueError, RecursionError) as problem:
        raise RequestError.parse_error({"reason": str(problem)}) from problem
    method = fields.get("method")
    own_id = {"id": fields["id"]} if "id" in fields else {}
    if isinstance(method, str) and all(map(_is_id, own_id.values())):
        if isinstance(params, dict):
            # The package would pass this data of the client's own as arguments to the agent's methods.
            params = {name: value for name, value in cast("Json", params).items() if name != "_meta"}
        return {**own_id, "method": method, "params": params}
    if method is None and ("result" in fields or "error" in fields):
        return _response(own_id.get("id"), result, error)
    reason = "A message has a method, or a result or error; its id is a number or a string."
    raise RequestError.invalid_request({"reason": reason})


def _response(request_id: object, result: object, error: object) -> Json:
    """Return a response as the package expects it; one with an odd id belongs to no request."""
    own_id = {"id": request_id if isinstance(request_id, int) else None}
    if isinstance(result, str) and result:
        error = {"message": result}  # the way avante.nvim reports failures
    if error is None:
        return {**own_id, "result": result}
    return {**own_id, "error": cast("Json", error) if isinstance(error, dict) else {}}


def _whole(value: object) -> Any:  # noqa: ANN401 - decoded JSON
    """Replace halves of characters (of a cut emoji, of bytes in a file's name), which cannot be encoded."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)) if _SURROGATE.search(text) else value


def _is_id(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int | str) and not isinstance(value, bool)


def _error_fields(error: Json) -> Json:
    """Return an error as it is sent: what the package reports in ``data`` becomes a part of the message."""
    match error.get("data"):
        case {"errors": [*errors]}:
            reason = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors)
        case {"reason": reason} | {"method": reason}:
            pass
        case {"details": _}:
            reason = "the log of `homebody acp` has more"
        case _:
            return {"code": error["code"], "message": error["message"]}
    return {"code": error["code"], "message": f"{error['message']}: {reason}"}


def _redirect_output(path: Path) -> None:
    """Send stdout, stderr and log records to ``path``, or nowhere if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_long = path.exists() and path.stat().st_size > _MAX_LOG_BYTES
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_long else 0)
        descriptor = os.open(path, flags, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
