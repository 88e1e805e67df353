"""A team's own server: it is contacted only if the user's settings contain its exact address."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.connections import ELSEWHERE
from support.needs import needs, needs_network_namespace

TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def session() -> dict[str, Any]:
    lay_out = f'"$0" link set lo up && "$0" address add {ELSEWHERE}/32 dev lo && exec "$@"'
    script = TESTS / "support" / "team_session.py"
    command = [
        *needs_network_namespace(),
        "sh",
        "-c",
        lay_out,
        needs("ip", "iproute2"),
        sys.executable,
        script,
    ]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run([*command, ELSEWHERE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_an_entry_the_teams_server_is_refused(session: dict[str, Any]):
    """The message contains the entry that would allow it."""
    assert "ConnectionForbidden" in session["results"]["without an entry"]
    assert f'add "{ELSEWHERE}:' in session["results"]["without an entry"]


def test_with_its_entry_it_is_served(session: dict[str, Any]):
    assert session["results"]["with it"] == "return a + b"
    assert session["results"]["chat"] == "This function adds two numbers. It returns the sum."
    assert session["context_length"] == 16384


def test_another_port_of_that_host_is_refused(session: dict[str, Any]):
    assert "ConnectionForbidden" in session["results"]["on another port"]
    assert session["heard"]["other"] == 0


def test_a_redirect_to_an_allowed_host_is_refused(session: dict[str, Any]):
    assert "ConnectionForbidden" in session["results"]["by redirect"]
    assert session["heard"]["redirecting"] == 1
