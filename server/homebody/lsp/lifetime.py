"""When the server ends: with its input, on ``exit``, and with the process that started it.

In: the parent's process id, the end of input. Out: a call to stop, and an end of the process where
that does not help.
Knows nothing of messages.

Everything here runs in threads of its own, so a wedged event loop ends too.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

# Parents are looked at so often; a look costs some 50 µs.
_POLL_SECONDS = 1.0
# So long an orderly end may take: the model's process is told to go, and caches are closed.
GRACE_SECONDS = 5.0


def watch_parent(process_id: int, stop: Callable[[], None]) -> None:
    """Call ``stop`` when the process ``process_id`` has ended, then see to it that this one does.

    A process that is not there at the beginning is not waited for: an editor outside this
    container has an id that means nothing here.
    """
    threading.Thread(target=_watch, args=(process_id, stop), name="homebody-parent", daemon=True).start()


def end_within(seconds: float = GRACE_SECONDS, code: int = 1) -> None:
    """End this process after ``seconds``, whatever the event loop does then."""
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
        # It is there, but not ours to look at.
        return True
