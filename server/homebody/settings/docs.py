"""``python -m homebody.settings.docs``: regenerate the files of the repository that show the schema.

Writes ``docs/settings.md``, and the settings in ``clients/vscode/package.json`` if that exists.
With ``--check`` it writes nothing, and fails if one of them is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from homebody.settings import publish


def main(arguments: Sequence[str]) -> int:
    """Write or check; return the exit code."""
    root = Path.cwd()
    stale = {
        path: text
        for path, text in files(root).items()
        if not path.is_file() or path.read_text("utf-8") != text
    }
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stderr.write(f"{path.relative_to(root)} is stale; run python -m homebody.settings.docs\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    return 1 if stale and "--check" in arguments else 0


def files(root: Path) -> Mapping[Path, str]:
    """Texts of the files below ``root`` that are generated from the schema, by path."""
    made = {root / "docs" / "settings.md": publish.markdown()}
    package = root / "clients" / "vscode" / "package.json"
    if package.is_file():
        made[package] = publish.update_package_json(package.read_text("utf-8"))
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
