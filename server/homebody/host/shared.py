"""What a host and its clients exchange: its options, why it failed, and files.

Through the files, all editors of one user find one host.
Each combination of model, context length and version has files in the state folder: a lock that the host
holds while it runs, a file with its port and key that only the user can read, its log, and a folder in which
every client holds its own lock. The operating system releases a lock when its process ends for any reason,
so the locks, not process ids, show which processes are alive.

Opens no connection and starts no process. See ``docs/decisions/0011-one-host-for-all-editors.md``.
"""

import hashlib
import os
import platform
import secrets
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from homebody.models.facts import FimTokens
from homebody.regular_file import write_file
from homebody.settings import paths


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Arguments of one host.

    Attributes
    ----------
    model
        The GGUF file.
    context_length
        Tokens of context for one request; ``None``: the model's own, at most
        8,192. Less is served if the model or the memory does not allow it.
    threads
        Maximum number of threads; ``None``: one for each core that this process may use.
    idle_minutes
        Minutes without a request after which the host ends.
    linger_seconds
        Seconds without a client after which it ends, so that consecutive commands of a script find it
        loaded.

    """

    model: Path
    context_length: int | None = None
    threads: int | None = None
    idle_minutes: float = 15.0
    linger_seconds: float = 10.0

    def to_json(self) -> str:
        """Return the argument that ``host.run`` reads back."""
        return msgspec.json.encode(self, enc_hook=str).decode()

    @classmethod
    def from_json(cls, text: str) -> "HostOptions":
        """Read what ``to_json`` returned."""
        return msgspec.json.decode(text, type=cls, dec_hook=lambda kind, value: kind(value))


LOADING = 0
"""The port of a host that is not ready yet."""


class Ready(msgspec.Struct, frozen=True):
    """The host is ready, or loads its model (``LOADING``).

    Attributes
    ----------
    port, api_key
        The port on 127.0.0.1, and the key that every request needs.
    context_length
        In tokens, of one request.
    fim
        Markers of the model; ``None`` if it cannot fill in the middle.
    note
        Why the context is shorter than requested, in one sentence; ``None`` if it is not.

    """

    port: int
    api_key: str
    pid: int
    model: str
    architecture: str
    context_length: int
    fim: FimTokens | None = None
    note: str | None = None

    def __repr__(self) -> str:
        """Omit the key: a repr may appear in logs and tracebacks."""
        return f"Ready(port={self.port}, pid={self.pid}, model={self.model!r})"


class HostFailed(msgspec.Struct, frozen=True):
    """What a host that cannot serve prints: the name of the error class in ``errors.py``, and its message."""

    error: str
    message: str


TAKEN = 75
"""Exit code of a host that found the lock held: the requested host is already running or starting."""


@dataclass(frozen=True, slots=True)
class HostFiles:
    """The files of one host, named by its lock file."""

    lock: Path

    @property
    def state(self) -> Path:
        """Port and key, as JSON."""
        return self.lock.with_suffix(".json")

    @property
    def log(self) -> Path:
        """llama.cpp's log; truncated when a host starts."""
        return self.lock.with_suffix(".log")

    @property
    def clients(self) -> Path:
        """One lock for each client."""
        return self.lock.with_suffix(".clients")


def host_files(options: HostOptions) -> HostFiles:
    """Return the files of the host that serves ``options``, and create their folder.

    Threads and idle time are not part of the key: those of the first client apply. The machine's name is
    part of it, since a home folder may be mounted on several machines or in containers.
    """
    versions = f"{version('homebody')}+{version('xllamacpp')}"
    what = [os.path.realpath(options.model), options.context_length, versions, platform.node()]
    name = hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:16]
    folder = paths.state_dir() / "hosts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return HostFiles(folder / f"{name}.lock")


def unwritable(folder: Path, error: OSError) -> str:
    """Return the message for a state folder that is full or not writable."""
    reason = error.strerror or error
    return (
        f"The state folder {folder} cannot be written ({reason}): make room, check permissions, or set "
        "HOMEBODY_STATE_DIR to another folder"
    )


def claim(files: HostFiles) -> FileLock | None:
    """Hold the lock until this process ends; ``None`` if another process holds it."""
    lock = _lock(files.lock)
    try:
        # Clients take the lock briefly to check whether it is held.
        lock.acquire(timeout=0.5, poll_interval=0.02)
    except Timeout:
        return None
    return lock


def write_state(files: HostFiles, state: Ready) -> None:
    """Write the host's address for its clients; only the user can read it."""
    write_file(files.state, msgspec.json.encode(state))


def read_state(files: HostFiles) -> Ready | None:
    """Address of the host; ``None`` if no host holds the lock, or it has not written a readable state yet.

    A state file without a held lock is stale: another program may use that port now.
    """
    return stored_state(files) if is_held(files.lock) else None


def stored_state(files: HostFiles) -> Ready | None:
    """Return what the state file holds, which may be of a host that has ended."""
    try:
        return msgspec.json.decode(files.state.read_bytes(), type=Ready)
    except (OSError, msgspec.DecodeError):
        return None


def join(files: HostFiles) -> FileLock:
    """Register as a client of the host until the lock is released or this process ends."""
    files.clients.mkdir(mode=0o700, exist_ok=True)
    lock = _lock(files.clients / f"{os.getpid()}-{secrets.token_hex(4)}.lock")
    lock.acquire(timeout=5)
    return lock


def leave(membership: FileLock) -> None:
    """Unregister as a client."""
    membership.release()
    Path(membership.lock_file).unlink(missing_ok=True)


def has_clients(files: HostFiles) -> bool:
    """Whether the host has clients; removes the files of clients that ended."""
    return sum(map(_is_client, files.clients.glob("*"))) > 0


# A client locks its file right after creating it.
_JOINING_SECONDS = 5.0


def _is_client(lock: Path) -> bool:
    try:
        young = time.time() - lock.stat().st_mtime < _JOINING_SECONDS
        if young or is_held(lock):
            return True
        lock.unlink(missing_ok=True)
    except OSError:  # removed in the meantime, or in use on Windows
        return lock.exists()
    return False


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock."""
    if not path.exists():
        return False
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def _lock(path: Path) -> FileLock:
    return FileLock(path, mode=0o600, thread_local=False)
