"""Filters the text of an answer on its way to the caller: forced beginning, reasoning, stop texts."""

import re
from collections.abc import Sequence

THOUGHTS = (
    ("<think>", "</think>"),  # Qwen, DeepSeek, GLM, Granite, Nemotron, SmolLM
    ("[THINK]", "[/THINK]"),  # Mistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|channel|>analysis<|message|>", "<|end|>"),  # gpt-oss
    ("<|channel|>commentary<|message|>", "<|end|>"),
)
"""Tags that open and close a block of reasoning."""

FRAMES = ("<|start|>assistant", "<|channel|>final<|message|>")
"""Text between the reasoning and the answer that belongs to neither."""

CONTROL_TEXTS = (
    "[THINK]", "[/THINK]", "<|channel>", "<channel|>", "<|channel|>", "<|message|>", "<|end|>", "<|start|>",
    "<think>", "</think>", "<seed:think>", "</seed:think>",
)  # fmt: skip
"""Tokens that the server has to send, so that reasoning is recognised."""

_BEGINNINGS = (*(opening for opening, _ in THOUGHTS), *FRAMES)

# All reasoning before an answer, the last block maybe without its end. The blank lines after it belong to
# neither, the indentation of the first line of code does.
_REASONING = re.compile(
    r"\A(?:\s*(?:"
    + "|".join(rf"{re.escape(opening)}.*?(?:{re.escape(close)}|\Z)" for opening, close in THOUGHTS)
    + "|"
    + "|".join(map(re.escape, FRAMES))
    + r"))+(?:\s*\n|\s*)",
    re.DOTALL,
)


class Answer:
    """Filters in order: forced beginning, reasoning, stop texts.

    Parameters
    ----------
    forced
        Removed from the beginning of the answer, which has to repeat it.
    stops
        Stop texts, which the server may watch too. Text that may be the beginning of one is held back.
    opened
        The tag of the reasoning in which the answer begins, empty if it may open one itself; ``None`` if it
        cannot contain any.

    Attributes
    ----------
    went_astray
        The answer does not begin with the forced text.
    stopped
        A stop text was found: no more text follows.

    """

    def __init__(self, *, forced: str = "", stops: Sequence[str] = (), opened: str | None = None) -> None:
        self._forced = forced
        self._stops = tuple(stop for stop in stops if stop)
        self._held = opened or ""
        self._begun = opened is None
        self.went_astray = False
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take the next piece; return the text that can be shown now."""
        common = min(len(text), len(self._forced))
        if text[:common] != self._forced[:common]:
            self.went_astray = True
            return ""
        self._forced = self._forced[common:]
        self._held += text[common:]
        return self._release()

    def finish(self) -> str:
        """Return the text that was held back; call it at the end of the answer."""
        return self._release(is_end=True)

    def _release(self, *, is_end: bool = False) -> str:
        if not self._begun:
            text = _REASONING.sub("", self._held)
            start = text.lstrip()
            if not is_end and any(known.startswith(start) for known in _BEGINNINGS):
                return ""
            self._held, self._begun = text, True
        # A stop text within reasoning is ignored.
        text = "" if self.stopped else self._held
        ends = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        self.stopped = self.stopped or bool(ends)
        is_whole = is_end or self.stopped
        keep = 0 if is_whole else max((partial_match(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: min(ends, default=len(text) - keep)]


def partial_match(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that ``stop`` begins with but does not end in."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)


def opened_at_end(frame: str) -> str:
    """Return the tag of the reasoning that the end of a rendered chat opens; empty if it opens none."""
    at, opening, close = max((frame.rfind(opening), opening, close) for opening, close in THOUGHTS)
    return opening if at > frame.rfind(close) else ""
