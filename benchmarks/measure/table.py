"""Plain tables on the terminal, which are valid Markdown too."""

import os
from collections.abc import Sequence

import psutil


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a title with the machine's load, and a table whose first column is aligned left."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    print(f"\n{title} ({os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f})\n")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |")


def percent(part: float, whole: float) -> str:
    """Share in percent; a dash if the total is zero."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
