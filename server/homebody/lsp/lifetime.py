"""When the server ends: with its input, on ``exit``, and with the process that started it.

In: the parent's process id, the end of input. Out: a call to stop, and the end of the process if that is not
enough.
Knows nothing of messages.

Everything here runs in separate threads, so that it works with a blocked event loop too.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

# Interval between two checks of the parent; one costs about 50 µs.
_POLL_SECONDS = 1.0
# Maximum time of an orderly end: the model's process is stopped, and caches are closed.
GRACE_SECONDS = 5.0


def watch_parent(process_id: int, stop: Callable[[], None]) -> None:
    """Call ``stop`` when the process ``process_id`` has ended, then make sure that this one ends too.

    If there is no such process at the beginning, it does nothing: the editor may run outside of this
    container, where its id has no meaning.
    """
    threading.Thread(target=_watch, args=(process_id, stop), name="homebody-parent", daemon=True).start()


def end_within(seconds: float = GRACE_SECONDS, code: int = 1) -> None:
    """End this process after ``seconds``, even if the event loop is blocked."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _watch(process_id: int, stop: Callable[[], None]) -> None:
    import psutil

    try:
        parent = psutil.Process(process_id)
    except (psutil.Error, ValueError, OverflowError):
        return
    while _is_alive(parent):
        time.sleep(_POLL_SECONDS)
    end_within()
    stop()


def _is_alive(process: "psutil.Process") -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        # It exists, but this user may not inspect it.
        return True
