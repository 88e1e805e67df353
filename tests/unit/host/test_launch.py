"""The host process: it reports its address, refuses files it cannot load, and always ends."""

import asyncio
import os
import tempfile

import gguf
import psutil
import pytest

from homebody.errors import BackendTimeout, ModelError, ModelFileInvalid, ModelTooLarge
from homebody.host.launch import _failure, start_host
from homebody.host.shared import HostFiles, HostOptions
from support.hosts import started_host
from support.tiny_gguf import write_tiny_gguf
from support.until import until


@pytest.fixture
def files(tmp_path):
    return HostFiles(tmp_path / "host.lock")


async def test_reports_its_address(tiny_model):
    async with started_host(tiny_model, threads=1) as ready:
        assert (ready.model, ready.architecture) == (str(tiny_model), "llama")
        assert (ready.context_length, ready.note) == (4096, None)
        assert psutil.Process(ready.pid).net_connections()[0].laddr == ("127.0.0.1", ready.port)
    assert not psutil.pid_exists(ready.pid)


def foreign(tmp_path, tiny_model):
    """A web page that was saved as a model."""
    path = tmp_path / "foreign.gguf"
    path.write_text("<html>")
    return path


def truncated(tmp_path, tiny_model):
    path = tmp_path / "half.gguf"
    path.write_bytes(tiny_model.read_bytes()[:700_000])
    return path


def missing(tmp_path, tiny_model):
    return tmp_path / "nix.gguf"


def unknown_to_llama_cpp(tmp_path, tiny_model):
    path = tmp_path / "new.gguf"
    writer = gguf.GGUFWriter(path, "brandnew")
    writer.add_token_list(["a"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def larger_than_memory(tmp_path, tiny_model):
    path = write_tiny_gguf(tmp_path / "huge.gguf")
    os.truncate(path, 10**12)
    return path


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (foreign, ModelFileInvalid, r"foreign\.gguf is not a GGUF file"),
        (truncated, ModelFileInvalid, r"half\.gguf is damaged or was not downloaded to its end"),
        (missing, ModelFileInvalid, r"nix\.gguf cannot be read \(No such file or directory\)"),
        (
            unknown_to_llama_cpp,
            ModelFileInvalid,
            r"llama\.cpp cannot load .*unknown model architecture: 'brandnew'",
        ),
        (larger_than_memory, ModelTooLarge, r"tiny-scripted needs 1000\.1 GB of memory"),
    ],
)
async def test_refuses_in_one_sentence(tmp_path, files, tiny_model, make, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        await start_host(HostOptions(make(tmp_path, tiny_model)), files)
    assert "\n" not in str(caught.value)


def test_a_host_that_ended_without_a_message_is_reported(tiny_model):
    with tempfile.TemporaryFile() as log:
        log.write(b"0.00.1 I srv load: well\n0.00.2 E ggml_abort: out of memory\n0.00.3 E srv init: failed\n")
        error = _failure(HostOptions(tiny_model), b"", -6, log)
    assert isinstance(error, ModelError)
    assert "process ended (code -6)" in str(error)
    assert "out of memory; choose another model" in str(error)
    with tempfile.TemporaryFile() as log:
        log.write(b"0.00.1 I srv load: well\nops.cpp:17: GGML_ASSERT(n > 0) failed\n\n")
        assert "GGML_ASSERT(n > 0) failed; choose" in str(_failure(HostOptions(tiny_model), b"", -6, log))


async def test_a_host_that_takes_too_long_is_ended(files, tiny_model):
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(BackendTimeout, match="was not ready after 0 s"):
        await start_host(HostOptions(tiny_model), files, start_seconds=0.001)
    await until(lambda: {child.pid for child in psutil.Process().children()} <= before)


async def test_a_start_that_is_cancelled_leaves_nothing_behind(files, tiny_model):
    """An editor that is closed while the model loads cancels it."""
    before = {child.pid for child in psutil.Process().children()}
    task = asyncio.create_task(start_host(HostOptions(tiny_model), files))
    await until(lambda: {child.pid for child in psutil.Process().children()} - before)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: {child.pid for child in psutil.Process().children()} <= before)
