"""Output of commands: plain to a pipe; on a terminal coloured, with links, without control characters."""

import io
import sys
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.style import Style
from rich.text import Text

from homebody.audit import LeftOut, Source
from homebody.headless.find import shown_path
from homebody.workspace.uri import path_of

# Tabs and line ends are allowed; other control characters could overwrite text on the screen.
# Direction marks can make code look different from its meaning (CVE-2021-42574).
_HIDDEN = (0x7F, *range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    **dict.fromkeys(_HIDDEN, "\N{REPLACEMENT CHARACTER}"),
    ord("\r"): None,
}
_DIFF_STYLES = {"+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red", "\\": "dim"}


class Terminal:
    """Stdout for results, stderr for remarks. Respects ``NO_COLOR``, ``TERM`` and pipes, as rich does.

    If it ``is_quiet``, only results are written. A context manager: at its end, no progress is left on the
    screen.
    """

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._err = Console(file=io.StringIO() if is_quiet else sys.stderr, highlight=False, soft_wrap=True)
        self._line_is_open = False
        self._shows_progress = False

    def __enter__(self) -> Self:
        """Return the terminal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the progress, for an error message or the shell."""
        self._clear()

    @property
    def is_watched(self) -> bool:
        """Whether the output goes to a terminal."""
        return self._out.is_terminal

    def write(self, text: str, style: str | Style = "") -> None:
        """Write a result and flush it."""
        self._clear()
        _write(self._out, text, style)
        if text:
            self._line_is_open = not text.endswith("\n")

    def places(self, uris: Sequence[str]) -> None:
        """List places as hyperlinks, on a terminal; scripts get nothing."""
        if self._err.is_terminal and uris:
            self._clear()
            # A control character could end the hyperlink's sequence.
            links = (Text(harmless(place_of(uri)), Style(link=harmless(uri))) for uri in uris)
            self._err.print(Text("places: ") + Text(", ").join(links), soft_wrap=True)

    def end_line(self) -> None:
        """Write a newline after streamed text, unless it ended with one."""
        self._clear()
        if self._line_is_open:
            self.write("\n")

    def remark(self, text: str) -> None:
        """Print a remark on a terminal; scripts do not receive it."""
        if self._err.is_terminal:
            self._clear()
            _write(self._err, text + "\n", "dim")

    def report(self, text: str) -> None:
        """Print a line on stderr, for scripts too."""
        self._clear()
        self._err.file.write(f"{harmless(text)}\n")
        self._err.file.flush()

    def progress(self, text: str) -> None:
        """Show progress on a terminal, until something else is written."""
        if self._err.is_terminal:
            self._err.file.write(f"\r\x1b[K{text[: self._err.width - 1]}")  # a wrapped line would stay
            self._err.file.flush()
            self._shows_progress = True

    def diff(self, text: str) -> None:
        """Write a unified diff."""
        if not self.is_watched:
            self.write(text)
            return
        for line in text.removesuffix("\n").split("\n"):
            style = next((style for start, style in _DIFF_STYLES.items() if line.startswith(start)), "")
            self.write(line + "\n", style)

    def _clear(self) -> None:
        # Only after progress: it would erase the line that an answer has started.
        if self._shows_progress:
            self.progress("")
            self._shows_progress = False


def harmless(text: str) -> str:
    """Escape control characters of untrusted text."""
    return text.translate(_SHOWN)


def as_columns(rows: Sequence[Sequence[str]], *, right: bool = False) -> str:
    """Lay out rows of plain text in columns; the first row has their names."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = str.rjust if right else str.ljust
    return "".join("  ".join(map(aligned, row, widths)).rstrip() + "\n" for row in rows)


def place_of(uri: str) -> str:
    """Return ``src/app.py:12`` for the URI of a file with its line, as seen from the current folder."""
    base, _, line = uri.partition("#L")
    path = path_of(base)
    if path is None:
        return uri
    return f"{shown_path(path)}:{line}" if line else str(shown_path(path))


def lines_of(source: Source | LeftOut) -> str:
    """Return ``src/app.py:3-9`` for a file, as seen from the current folder; the URI for anything else."""
    path = path_of(source.uri)
    name = source.uri.removeprefix("homebody:") if path is None else shown_path(path)
    if source.last_line < source.first_line:
        return f"{name} ({source.why})"  # a picture
    return f"{name}:{source.first_line + 1}-{source.last_line + 1}"


def _write(console: Console, text: str, style: str | Style) -> None:
    if not console.is_terminal:
        console.file.write(text)
    else:
        shown = harmless(text)
        if style and (isinstance(style, Style) or not console.no_color):  # rich would still write bold
            console.print(Text(shown, style), end="")
        else:
            console.file.write(shown)
    console.file.flush()
