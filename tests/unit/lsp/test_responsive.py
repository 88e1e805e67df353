"""Interpreter settings of the server's process, and of other programs that use the package."""

import subprocess
import sys

_SERVER = """
import gc, sys
from homebody.lsp.process import freeze_heap, share_interpreter
share_interpreter()
freeze_heap()
print(sys.getswitchinterval() < 0.001, gc.get_freeze_count() > 1000, gc.isenabled())
"""

_LIBRARY = """
import asyncio, gc, sys
from homebody.engine import open_engine
before = sys.getswitchinterval()
async def main():
    async with open_engine():
        pass
asyncio.run(main())
print(sys.getswitchinterval() == before, gc.get_freeze_count())
"""


def test_the_server_switches_threads_quickly_and_collects_little_garbage() -> None:
    assert _printed(_SERVER) == "True True True"


def test_a_program_that_uses_the_package_keeps_its_own_interpreter_settings() -> None:
    """Opening an engine changes no setting of the process."""
    assert _printed(_LIBRARY) == "True 0"


def _printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
