"""A team's own server: it is contacted only if the user's settings contain its exact address."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support.connections import ELSEWHERE
from support.needs import needs, needs_network_namespace

TESTS = Path(__file__).parent.parent


def test_a_teams_server_is_contacted_only_at_the_address_that_the_settings_allow():
    lay_out = f'"$0" link set lo up && "$0" address add {ELSEWHERE}/32 dev lo && exec "$@"'
    script = TESTS / "support" / "team_session.py"
    ip = needs("ip", "iproute2")
    command = [*needs_network_namespace(), "sh", "-c", lay_out, ip, sys.executable, script, ELSEWHERE]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    session = json.loads(done.stdout)
    results, heard = session["results"], session["heard"]

    assert "ConnectionForbidden" in results["without an entry"]
    assert f'add "{ELSEWHERE}:' in results["without an entry"]
    assert results["with it"] == "return a + b"
    assert results["chat"] == "This function adds two numbers. It returns the sum."
    assert session["context_length"] == 16384
    for case in ("on another port", "by redirect"):
        assert "ConnectionForbidden" in results[case]
    assert (heard["other"], heard["redirecting"]) == (0, 1)
