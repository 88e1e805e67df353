"""The interpreter set up for a process that answers keys: no long turn of a thread, no long collection.

Settings of the whole process, so only the server makes them; a program that uses the package keeps its own.
"""

import gc
import sys

_SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while the event loop waits for it.

A parse in a thread kept it for CPython's 5 ms each time the event loop woke up, two or three times on
the way of one key. Measured on two cores, request in to model request out: p99 31 ms at 5 ms, 10 ms at 0.5.
"""


def share_interpreter() -> None:
    """Have threads hand the interpreter over soon."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def freeze_heap() -> None:
    """Have the garbage collector leave alone what is here by now: modules, classes and tables that stay.

    They are some 60,000 objects; looking through them took 14 to 27 ms in the middle of a key.
    """
    gc.collect()
    gc.freeze()
