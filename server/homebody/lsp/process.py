"""The server's process: when it ends, and how its interpreter shares time.

It ends with its input, on ``exit``, and with the process that started it; that runs in threads of its own, so
that it works with a blocked event loop too. The interpreter's settings are for low latency; only the server
sets them, not programs that import the package.
"""

import gc
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from homebody.mailbox import end_soon

# Interval between two checks of the parent; one costs about 50 µs.
_POLL_SECONDS = 1.0

_SWITCH_SECONDS = 0.0005
"""Maximum time, in seconds, that a thread keeps the interpreter while the event loop waits for it.

With CPython's default, a parse in a thread kept it for 5 ms each time the event loop woke up, two or three
times for each keystroke. Measured on two cores, from the editor's request to the model request: p99 31 ms
with 5 ms, 10 ms with 0.5 ms.
"""


def watch_parent(process_id: int, stop: Callable[[], None]) -> None:
    """Call ``stop`` when the process ``process_id`` has ended, then make sure that this one ends too.

    If there is no such process at the beginning, it does nothing: the editor may run outside of this
    container, where its id has no meaning.
    """
    threading.Thread(target=_watch, args=(process_id, stop), name="homebody-parent", daemon=True).start()


def share_interpreter() -> None:
    """Make threads release the interpreter soon."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def freeze_heap() -> None:
    """Exclude all existing objects from garbage collection: permanent modules, classes and tables.

    They are some 60,000 objects; scanning them took 14 to 27 ms in the middle of a keystroke.
    """
    gc.collect()
    gc.freeze()


def _watch(process_id: int, stop: Callable[[], None]) -> None:
    import psutil

    try:
        parent = psutil.Process(process_id)
    except (psutil.Error, ValueError, OverflowError):
        return
    with suppress(psutil.NoSuchProcess):
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_POLL_SECONDS)
    end_soon(1)
    stop()
