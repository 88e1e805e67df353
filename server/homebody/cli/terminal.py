"""Output of commands: plain text to a pipe, coloured on a terminal.

In: text from users, files and models. Out: the same bytes to a pipe; on a terminal, control characters are
escaped.
"""

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from homebody.cli.hyperlinks import hyperlink, place_of, shows_hyperlinks

# Tabs and line ends are allowed; other control characters could overwrite text on the screen.
# Direction marks can make code look different from its meaning (CVE-2021-42574).
_HIDDEN = (0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    **dict.fromkeys(_HIDDEN, "\N{REPLACEMENT CHARACTER}"),
    ord("\r"): None,
}
_DIFF_STYLES = {"+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red", "\\": "dim"}


class Terminal:
    """Stdout for results, stderr for remarks. Respects ``NO_COLOR``, ``TERM`` and pipes, as rich does."""

    def __init__(self) -> None:
        self._out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._err = Console(file=sys.stderr, highlight=False, soft_wrap=True)

        self._line_is_open = False

    @property
    def has_hyperlinks(self) -> bool:
        """Whether the output goes to a terminal that shows hyperlinks."""
        return self._out.is_terminal and shows_hyperlinks(os.environ)

    @property
    def is_watched(self) -> bool:
        """Whether the output goes to a terminal."""
        return self._out.is_terminal

    def write(self, text: str, style: str = "") -> None:
        """Write a result and flush it."""
        _write(self._out, text, style)
        if text:
            self._line_is_open = not text.endswith("\n")

    def link(self, text: str, uri: str) -> None:
        """Write a link to a file's line: a hyperlink where the terminal has them, else with the place."""
        if self.has_hyperlinks:
            self._out.file.write(hyperlink(harmless(text), uri))
            self._out.file.flush()
            self._line_is_open = True
        else:
            place = place_of(uri)
            self.write(text if text.endswith(place) else f"{text} ({place})")

    def places(self, title: str, named: Sequence[tuple[str, str]]) -> None:
        """List links to files, each with its text, on a terminal; scripts do not receive them."""
        if not self._err.is_terminal or not named:
            return
        shown: list[str] = []
        for text, uri in named:
            place = harmless(place_of(uri))
            place = hyperlink(place, uri) if self.has_hyperlinks else place
            shown.append(place if place_of(uri).endswith(text) else f"{harmless(text)} {place}")
        self._err.file.write(f"{title}: {', '.join(shown)}\n")
        self._err.file.flush()

    def end_line(self) -> None:
        """Write a newline after streamed text, unless it ended with one."""
        if self._line_is_open:
            self.write("\n")

    def remark(self, text: str) -> None:
        """Print a remark on a terminal; scripts do not receive it."""
        if self._err.is_terminal:
            _write(self._err, text + "\n", "dim")

    def progress(self, text: str) -> None:
        """Show progress on a line that is overwritten; an empty text clears it."""
        if self._err.is_terminal:
            self._err.file.write(f"\r\x1b[K{text}")
            self._err.file.flush()

    def diff(self, text: str) -> None:
        """Write a unified diff."""
        if not self.is_watched:
            self.write(text)
            return
        for line in text.removesuffix("\n").split("\n"):
            style = next((style for start, style in _DIFF_STYLES.items() if line.startswith(start)), "")
            self.write(line + "\n", style)


def harmless(text: str) -> str:
    """Escape control characters of untrusted text."""
    return text.translate(_SHOWN)


def _write(console: Console, text: str, style: str) -> None:
    if not console.is_terminal:
        console.file.write(text)
    else:
        shown = harmless(text)
        if style and not console.no_color:  # rich would still write bold
            console.print(Text(shown, style), end="")
        else:
            console.file.write(shown)
    console.file.flush()
