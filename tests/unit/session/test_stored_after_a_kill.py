"""A process that is killed while it stores a conversation leaves the old one or the new one."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.session.conversation import Conversation, Turn
from homebody.session.stored import forget_stored, load_conversation, store_conversation, stored_conversations

_MOST_STEPS = 200

# For each number that it gets, a process of its own stores two turns over one and is killed before the line
# of ``stored`` of that number. No step depends on luck.
_SERVER = """
import os, signal, sys
from homebody.session import stored
from homebody.session.conversation import Conversation, Turn

def store(wanted):
    passed = 0
    def trace(frame, event, argument):
        nonlocal passed
        if frame.f_code.co_filename != stored.__file__:
            return None
        passed += event == "line"
        if passed == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    turns = [Turn("One?", "One?", "1" * 9000), Turn("Two?", "Two?", "2")]
    sys.settrace(trace)
    stored.store_conversation(Conversation("0123456789abcdef", "", turns))
    os._exit(0)

for line in sys.stdin:
    child = os.fork()
    if not child:
        store(int(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_conversation_survives_a_kill_at_each_step_of_storing_it(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOMEBODY_STATE_DIR", str(tmp_path))
    folder = tmp_path / "conversations"
    turns: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        for step in range(1, _MOST_STEPS):
            store_conversation(Conversation("0123456789abcdef", "", [Turn("One?", "One?", "1")]))
            server.stdin.write(f"{step}\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
            if code == 0:
                break
            assert code == -signal.SIGKILL
            found = load_conversation("0123456789abcdef")
            assert [turn.answer for turn in found.turns] in (["1"], ["1" * 9000, "2"])
            assert [one.id for one in stored_conversations()] == ["0123456789abcdef"]
            turns.append(len(found.turns))
            assert forget_stored("0123456789abcdef") == ["0123456789abcdef"]
            assert list(folder.iterdir()) == []
        server.stdin.close()
    assert turns == sorted(turns)
    assert set(turns) == {1, 2}
