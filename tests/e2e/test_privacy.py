"""Nothing leaves the machine: checks every connection attempt of a whole session, as seen by the kernel."""

import json
import os
import sys
from pathlib import Path

from support import whole_session
from support.connections import ELSEWHERE, traced
from support.folders import own_folders

SESSION = Path(whole_session.__file__)
SAME_EVERY_TIME = {"HOMEBODY_CHAT_TEMPERATURE": "0"}
SHORT = {"HOMEBODY_BACKEND_CONTEXT_LENGTH": "512"}
"""Of context: answers are short, and one prompt is measured."""

# A grandchild process, to check that children are watched too; TCP and UDP.
PLANTED = f"""
import socket, subprocess, sys
child = '''
import socket
with socket.socket() as tcp:
    tcp.connect_ex(("{ELSEWHERE}", 9))
with socket.socket(type=socket.SOCK_DGRAM) as udp:
    udp.sendto(b"name?", ("{ELSEWHERE}", 53))
'''
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_a_planted_connection_is_caught(tmp_path: Path):
    trace = traced([sys.executable, "-c", PLANTED], tmp_path / "strace")

    assert trace.result.returncode == 0, trace.result.stderr
    assert [(attempt.call, attempt.address, attempt.port) for attempt in trace.strays] == [
        ("connect", ELSEWHERE, 9),
        ("sendto", ELSEWHERE, 53),
    ]


def test_a_whole_session_connects_to_this_machine_alone(tmp_path: Path, tiny_model: Path):
    """Index, complete, explain, rewrite, doctor, bench, a model's life: nothing leaves, not even DNS."""
    workspace = tmp_path / "workspace"
    models = tmp_path / "data" / "models"
    for folder in (workspace, models):
        folder.mkdir(parents=True)
    (models / tiny_model.name).symlink_to(tiny_model)

    trace = traced(
        [sys.executable, SESSION, workspace],
        tmp_path / "strace",
        environment={
            "PATH": os.defpath,
            "HOME": str(tmp_path),
            **own_folders(tmp_path),
            **SAME_EVERY_TIME,
            **SHORT,
        },
    )

    assert trace.result.returncode == 0, trace.result.stderr
    reply = json.loads(trace.result.stdout)
    # The session was complete: each step succeeded, and the model's process was watched.
    steps = reply["steps"]
    assert steps["completion"] != []
    assert steps["explanation"] != ""
    assert steps["indexed"] != []
    assert {name: step for name, step in steps.items() if isinstance(step, dict) and step["code"] != 0} == {}
    assert reply["hosts"] != []
    assert set(reply["hosts"]) <= trace.pids
    # It used that model, over loopback only.
    assert {"127.0.0.1"} <= {attempt.address for attempt in trace.attempts}
    assert trace.strays == []
    # Doctor probed the usual ports.
    assert {8080, 11434, 1234} <= {attempt.port for attempt in trace.attempts}
