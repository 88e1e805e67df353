"""Programs of the system that a test needs.

If one is missing, the test is skipped with a sentence on how to install it; with ``CI`` set it fails, so that
no test is skipped there unnoticed.
"""

import os
import shutil
import subprocess
from typing import NoReturn

import pytest


def needs(program: str, package: str | None = None) -> str:
    """Return the path of a program, or skip the test.

    ``package`` is its Debian package, if it has another name; add it to ``requirements/apt.txt``.
    """
    path = shutil.which(program)
    if path is None:
        leave_out(f"{program} is not installed (Debian: apt install {package or program})")
    return path


def needs_network_namespace() -> list[str]:
    """Return the command that runs another one in a separate network namespace.

    Root can create one; other users need user namespaces, which some systems disable.
    """
    unshare = needs("unshare", "util-linux")
    candidates = ([unshare, "--net"], [unshare, "--net", "--map-root-user"])
    command = next((candidate for candidate in candidates if _works(candidate)), None)
    if command is None:
        leave_out("this system does not let this user make a network namespace (run as root)")
    return command


def leave_out(sentence: str) -> NoReturn:
    """Skip the running test with its reason; in CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"{sentence}, and CI leaves nothing out", pytrace=False)
    pytest.skip(sentence)


def _works(prefix: list[str]) -> bool:
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
