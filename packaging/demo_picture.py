"""Write the picture of ``homebody demo`` for the README; the file loads nothing.

``demo_picture.py FILE``; the program is the one beside this Python.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

_CHECKOUT = Path(__file__).parent.parent
_WIDTH = 100

# A web font, or the comment with the address of the library.
_FETCHED = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


def main(picture: Path) -> None:
    """Run the demo, and draw what it prints."""
    program = Path(sys.executable).with_name("homebody")
    coloured = os.environ | {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(_WIDTH)}
    shown = subprocess.run([program, "demo"], env=coloured, stdout=subprocess.PIPE, check=True, text=True)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(width=_WIDTH, record=True, highlight=False, file=nowhere)
        console.print(Text.from_ansi(shown.stdout.replace(str(_CHECKOUT), "/home/ada/homebody")))
    picture.write_text(_FETCHED.sub("", console.export_svg(title="homebody demo")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
