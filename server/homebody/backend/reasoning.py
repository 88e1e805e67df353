"""Keeps a reasoning model's thoughts from the caller.

In: an answer's text, bit by bit. Out: the same without ``<think>…</think>``.
One filter for all backends; knows nothing of servers.
"""

from homebody.backend.stops import partial_match

OPEN = "<think>"
CLOSE = "</think>"


class ReasoningFilter:
    """Takes an answer as it comes and hands on what is no thought.

    Parameters
    ----------
    inside
        Whether the answer begins within a thought, as where the chat template opened it.

    """

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside
        self._held = ""
        # The blank lines between a thought and the answer's first word belong to neither.
        self._trim = inside
        self._begun = False

    def feed(self, text: str) -> str:
        """Take the next bit; return what may be shown by now."""
        held = self._held + text
        shown: list[str] = []
        while True:
            mark = CLOSE if self._inside else OPEN
            at = held.find(mark)
            if at < 0:
                keep = partial_match(held, mark)
                if not self._inside:
                    shown.append(held[: len(held) - keep])
                self._held = held[len(held) - keep :]
                return self._trimmed("".join(shown))
            if not self._inside:
                shown.append(held[:at])
            held = held[at + len(mark) :]
            if self._inside:
                self._trim = not self._begun and not "".join(shown).strip()
            self._inside = not self._inside

    def finish(self) -> str:
        """Return what was held back in case it became a tag, at the answer's end."""
        held, self._held = self._held, ""
        return "" if self._inside else self._trimmed(held)

    def _trimmed(self, text: str) -> str:
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        self._begun = self._begun or bool(text.strip())
        return text


def begins_inside(prompt: str) -> bool:
    """Whether a rendered chat prompt ends within an open thought."""
    return prompt.rfind(OPEN) > prompt.rfind(CLOSE)
