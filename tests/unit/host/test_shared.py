"""The files of a shared host: a process is alive if it holds its lock."""

import signal
import subprocess
import sys

import pytest

from homebody.host import shared
from homebody.host.shared import HostOptions, Ready, host_files

pytestmark = pytest.mark.usefixtures("own_folders")

HOLD = (
    "import sys, time; from filelock import FileLock\n"
    "lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def files(tiny_model):
    return host_files(HostOptions(tiny_model))


@pytest.fixture
def hold():
    """Let other processes hold locks until the test ends."""
    holders = []

    def start(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
        holders.append(holder)
        assert holder.stdout.readline() == b"held\n"
        return holder

    yield start
    for holder in holders:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def ready(port=4711):
    return Ready(
        port=port,
        api_key="secret",
        pid=1,
        model="m.gguf",
        architecture="llama",
        context_length=8192,
    )


def test_the_key_is_never_shown():
    assert "secret" not in repr(ready())


def test_a_state_counts_only_while_its_lock_is_held(files, hold):
    """After ``kill -9`` the file still exists, and another program may use its port."""
    shared.write_state(files, ready())
    assert shared.read_state(files) is None
    holder = hold(files.lock)
    assert shared.read_state(files) == ready()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert shared.read_state(files) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"event":"taken"}', b"\xff\xfe", b'{"pid": 1}'])
def test_the_state_file_of_another_program_does_no_harm(files, hold, content):
    hold(files.lock)
    files.state.write_bytes(content)
    assert shared.read_state(files) is None


@pytest.mark.skipif(sys.platform == "win32", reason="there the profile's folder is the user's alone")
def test_only_the_user_can_read_the_key(files):
    shared.write_state(files, ready())
    assert files.state.stat().st_mode & 0o777 == 0o600
    assert files.lock.parent.stat().st_mode & 0o777 == 0o700
