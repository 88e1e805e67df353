"""The embedded backend with real host processes: found, started, shared, and started again."""

import asyncio
import signal
from contextlib import aclosing, asynccontextmanager

import msgspec
import psutil
import pytest

from homebody.backend.base import Piece, Prompt, Sampling, Text
from homebody.backend.embedded import HostConnector
from homebody.errors import (
    BackendLoading,
    BackendTimeout,
    BackendUnavailable,
    StateUnwritable,
)
from homebody.host import shared
from homebody.host.shared import HostOptions, host_files
from homebody.settings import paths
from support.hosts import embedded_backend
from support.loopback import LoopbackServer
from support.tiny_gguf import ENDLESS_SCRIPT, write_tiny_gguf
from support.until import until, until_answered

pytestmark = pytest.mark.usefixtures("own_folders")

PROMPT = Prompt((Text("def add(a, b):"),))


@pytest.fixture
def options(tiny_model):
    return HostOptions(tiny_model, linger_seconds=0.5)


@asynccontextmanager
async def embedded(options):
    """A backend that waits for its host even on a slow machine."""
    async with aclosing(embedded_backend(lambda: options)) as backend:
        yield backend


async def answer(backend, prompt=PROMPT, max_tokens=20):
    async with aclosing(backend.complete(prompt, Sampling(max_tokens=max_tokens))) as stream:
        return "".join([item.text async for item in stream if isinstance(item, Piece)])


def host_of(options):
    state = shared.read_state(host_files(options))
    return psutil.Process(state.pid)


async def gone(process):
    await asyncio.to_thread(process.wait, 60)


async def test_the_first_request_after_a_crash_succeeds(options):
    async with embedded(options) as backend:
        assert await answer(backend) == "return a + b"
        first = host_of(options)
        first.send_signal(signal.SIGKILL)
        await gone(first)
        assert await answer(backend) == "return a + b"
        assert host_of(options).pid != first.pid


async def test_a_crash_during_an_answer_is_reported(tmp_path):
    options = HostOptions(write_tiny_gguf(tmp_path / "endless.gguf", ENDLESS_SCRIPT), linger_seconds=0.5)
    async with embedded(options) as backend:
        async with aclosing(backend.complete(PROMPT, Sampling(max_tokens=4000))) as stream:
            await anext(stream)
            host_of(options).send_signal(signal.SIGKILL)
            with pytest.raises(BackendUnavailable, match=r"stopped during its answer .*: ask again"):
                async for _ in stream:
                    pass
        assert await answer(backend, max_tokens=2) == "go go "


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process like that")
async def test_a_stopped_host_is_named(options):
    connector = HostConnector(lambda: options, loading_seconds=60, silent_seconds=0)
    async with aclosing(connector):
        hosted = await connector.connect()
        stopped = host_of(options)
        stopped.suspend()
        # A thread may still answer meanwhile.
        await until(lambda: stopped.status() == psutil.STATUS_STOPPED)
        try:
            assert await connector.replace(hosted, BackendTimeout("no answer"))
            with pytest.raises(BackendTimeout, match=rf"\(process {stopped.pid}\) and does not answer"):
                await connector.connect()
        finally:
            stopped.resume()
        assert (await connector.connect()).ready.pid == stopped.pid


async def test_a_state_folder_that_cannot_be_written_is_named(options):
    hosts = paths.state_dir() / "hosts"
    hosts.parent.mkdir(parents=True, exist_ok=True)
    hosts.write_text("a file")
    async with embedded(options) as backend:
        with pytest.raises(StateUnwritable, match=r"cannot be written .*HOMEBODY_STATE_DIR"):
            await backend.describe()


async def test_all_clients_share_one_host(options):
    async with embedded(options) as first, embedded(options) as second:
        await asyncio.gather(first.describe(), second.describe())
        urls = {(await backend.describe()).url for backend in (first, second)}
        async with embedded(options) as third:
            urls.add((await third.describe()).url)
        assert len(urls) == 1
        host = host_of(options)
    await gone(host)
    assert not host_files(options).state.exists()


async def test_a_host_without_work_ends_and_comes_back(tiny_model):
    options = HostOptions(tiny_model, idle_minutes=0.05)
    async with embedded(options) as backend:
        await backend.describe()
        host = host_of(options)
        await gone(host)
        assert await answer(backend) == "return a + b"


async def test_a_foreign_server_on_the_hosts_port_gets_nothing(options):
    """Its own client asks it once whether it is the host, without the prompt."""

    async def pretend(request, reply):
        await reply.json({"model_path": "/some/other.gguf"})

    async with embedded(options) as backend:
        await backend.describe()
        files = host_files(options)
        state = shared.read_state(files)
        with LoopbackServer(pretend) as server:
            shared.write_state(files, msgspec.structs.replace(state, port=server.port))
            connector = HostConnector(lambda: options, loading_seconds=60, silent_seconds=0)
            async with aclosing(connector):
                with pytest.raises(BackendTimeout, match="does not answer"):
                    await connector.connect()
            assert set(server.paths()) == {"GET /props"}


async def test_a_slow_start_is_reported_as_loading(options):
    async with aclosing(embedded_backend(lambda: options, loading_seconds=0)) as backend:
        with pytest.raises(BackendLoading, match=r"The embedded model .*is being loaded"):
            await backend.describe()
        assert await until_answered(lambda: _answer_unless_loading(backend)) == "return a + b"


async def _answer_unless_loading(backend):
    try:
        return await answer(backend)
    except BackendLoading:
        return None
