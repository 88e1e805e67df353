"""Filters the text of an answer on its way to the caller: forced beginning, reasoning, stop texts."""

from collections.abc import Sequence


class Answer:
    """Filters in order: forced beginning, reasoning, stop texts.

    Parameters
    ----------
    forced
        Removed from the beginning of the answer, which has to repeat it.
    stops
        Stop texts, which the server may watch too. Text that may be the beginning of one is held back.
    thoughts
        The filter for reasoning; ``None`` if the answer cannot contain any.

    Attributes
    ----------
    went_astray
        The answer does not begin with the forced text.
    stopped
        A stop text was found: no more text follows.

    """

    def __init__(
        self, *, forced: str = "", stops: Sequence[str] = (), thoughts: "ReasoningFilter | None" = None
    ) -> None:
        self._forced = forced
        self._stops = tuple(stop for stop in stops if stop)
        self._thoughts = thoughts
        self._held = ""
        self.went_astray = False
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take the next piece; return the text that can be shown now."""
        common = min(len(text), len(self._forced))
        if text[:common] != self._forced[:common]:
            self.went_astray = True
            return ""
        text, self._forced = text[common:], self._forced[common:]
        # A stop text within reasoning is ignored.
        return self._until_stop(text if self._thoughts is None else self._thoughts.feed(text))

    def finish(self) -> str:
        """Return the text that was held back; call it at the end of the answer."""
        rest = self._until_stop("" if self._thoughts is None else self._thoughts.finish())
        held, self._held = self._held, ""
        return rest + held

    def _until_stop(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        ends = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        self.stopped = bool(ends)
        keep = 0 if ends else max((partial_match(text, stop) for stop in self._stops), default=0)
        end = min(ends, default=len(text) - keep)
        self._held = text[len(text) - keep :]
        return text[:end]


def partial_match(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that ``stop`` begins with but does not end in."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)


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


class ReasoningFilter:
    """Takes an answer piece by piece and returns the text that is not reasoning.

    Parameters
    ----------
    inside
        The closing tag of the reasoning in which the answer begins; ``None`` if it does not begin in
        reasoning.
    """

    def __init__(self, inside: str | None = None) -> None:
        self._close = inside
        self._held = ""
        self._begun = False
        # The blank lines between the reasoning and the answer belong to neither.
        self._trim = inside is not None

    def feed(self, text: str) -> str:
        """Take the next piece; return the text that can be shown now."""
        if self._begun:
            return text
        self._held += text
        while self._step():
            pass
        if not self._begun:
            return ""
        shown, self._held = self._held, ""
        return shown

    def finish(self) -> str:
        """Return the text that was held back as a possible tag; call it at the end of the answer."""
        held, self._held = self._held, ""
        return "" if self._begun or self._close is not None else held

    def _step(self) -> bool:
        """Remove reasoning, or text around it, from the beginning; ``False`` if none is found yet."""
        if self._close is not None:
            return self._leave_thought(self._close)
        text = self._held.lstrip()
        for opening, close in THOUGHTS:
            if text.startswith(opening):
                self._held, self._close = text[len(opening) :], close
                return True
        for frame in FRAMES:
            if text.startswith(frame):
                self._held, self._trim = text[len(frame) :], True
                return True
        if text and not any(known.startswith(text) for known in _BEGINNINGS):
            self._begun = True
            if self._trim:
                self._held = _without_blank(self._held)
        return False

    def _leave_thought(self, close: str) -> bool:
        thought, found, rest = self._held.partition(close)
        if found:
            self._held, self._close, self._trim = rest, None, True
            return True
        self._held = thought[len(thought) - partial_match(thought, close) :]
        return False


_BEGINNINGS = (*(opening for opening, _ in THOUGHTS), *FRAMES)


def _without_blank(text: str) -> str:
    """Drop blank lines, but not the indentation of the first line of code."""
    rest = text.lstrip()
    blank = text[: len(text) - len(rest)]
    return rest if "\n" not in blank else blank.rpartition("\n")[2] + rest


def closes_at_end(frame: str) -> str | None:
    """Return the closing tag of reasoning that the end of a rendered chat opens; otherwise ``None``."""
    opened = [(frame.rfind(opening), close) for opening, close in THOUGHTS]
    at, close = max(opened)
    return close if at > frame.rfind(close) else None
