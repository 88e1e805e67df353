"""The text of the status bar, and when a message is shown."""

import asyncio
from typing import Any

from homebody.backend.base import ModelInfo
from homebody.errors import BackendRefused, BackendUnavailable, NoModelInstalled
from homebody.lsp.status import Status


class Shown:
    """A status whose notices are kept."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self.changed = asyncio.Event()
        self.status = Status(send=self.send, show=self.messages.append)

    def send(self, status: dict[str, Any]) -> None:
        self.sent.append(status)
        self.changed.set()


def test_the_failure_of_the_completion_server_lasts_until_it_is_back():
    shown = Shown()
    shown.status.fail("Nothing answers.", source="completion")
    shown.status.fail("Nothing answers there either.", source="chat")
    shown.status.recover("chat")
    shown.status.answered()
    assert shown.sent[-1] == {"kind": "Error", "busy": False, "message": "Nothing answers."}
    shown.status.recover("completion")
    assert shown.sent[-1]["kind"] == "Normal"


def test_an_answer_ends_the_failure_of_the_chat_server_and_of_a_request():
    shown = Shown()
    shown.status.fail("Nothing answers.", source="chat")
    shown.status.report(BackendRefused("The server refused the request"))
    assert shown.sent[-1]["message"] == "The server refused the request."
    shown.status.answered()
    assert shown.sent[-1]["kind"] == "Normal"


def test_a_failure_that_is_read_elsewhere_is_not_shown_as_well():
    """A failed command returns its reason; the status shows it too, and later keys do not repeat it."""
    shown = Shown()
    with shown.status.asking():
        shown.status.fail("Nothing answers.")
    shown.status.fail("Nothing answers.")
    assert shown.messages == []
    assert shown.sent[-1]["message"] == "Nothing answers."


def test_a_request_that_fails_after_the_server_is_back_leaves_the_status_as_it_is():
    """The server reports its own state. A late failure would otherwise stay, although the server answers."""
    shown = Shown()
    shown.status.fail("Nothing answers.", source="completion")
    shown.status.recover("completion")
    shown.status.report(BackendUnavailable("nothing answers"))
    assert [status["kind"] for status in shown.sent] == ["Error", "Normal"]


def test_off_is_inactive_and_an_error_is_more_than_that():
    shown = Shown()
    shown.status.set(paused="Completion is off.")
    shown.status.fail("Nothing answers.")
    assert [status["kind"] for status in shown.sent] == ["Inactive", "Error"]


def test_the_model_that_answers_is_named():
    shown = Shown()
    shown.status.recover("completion", model=ModelInfo("embedded", "tiny", 4096))

    assert shown.sent == [
        {
            "kind": "Normal",
            "busy": False,
            "message": "",
            "backend": "embedded",
            "model": "tiny",
            "contextLength": 4096,
        }
    ]


async def test_only_work_that_can_be_seen_shows_as_busy():
    """A quick answer does not show the busy sign; for slow ones it is shown until the last one ends."""
    shown = Shown()
    shown.status.recover("completion")
    with shown.status.working():
        await asyncio.sleep(0)
    assert len(shown.sent) == 1
    shown.changed.clear()
    with shown.status.working():
        with shown.status.working():
            await asyncio.wait_for(shown.changed.wait(), 60)
        assert shown.status.wire["busy"]
    shown.changed.clear()
    await asyncio.wait_for(shown.changed.wait(), 60)

    assert [status["busy"] for status in shown.sent] == [False, True, False]


async def test_a_key_that_cancels_a_request_does_not_end_the_busy_sign():
    """The editor cancels a request and sends the next one: the sign does not flicker at each key."""
    shown = Shown()
    shown.status.recover("completion")
    shown.changed.clear()
    with shown.status.working():
        await asyncio.wait_for(shown.changed.wait(), 60)
    with shown.status.working():
        pass

    assert [status["busy"] for status in shown.sent] == [False, True]


def test_a_second_model_and_a_withheld_suggestion_are_reported():
    shown = Shown()
    shown.status.recover("completion", model=ModelInfo("llama.cpp", "small", 4096))
    shown.status.set(chat_model="small")
    shown.status.set(hint="Not sure enough.")
    shown.status.set(hint="Not sure enough.")
    shown.status.set(chat_model="large", hint="")
    assert [status.get("hint") for status in shown.sent] == [None, "Not sure enough.", None]
    assert [status.get("chatModel") for status in shown.sent] == [None, None, "large"]


def test_an_error_names_what_an_editor_can_do_about_it():
    shown = Shown()
    shown.status.fail("No model is installed.", NoModelInstalled.fix)
    shown.status.answered()
    assert [status.get("fix") for status in shown.sent] == ["installModel", None]
