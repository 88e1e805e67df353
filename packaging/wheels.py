"""Check that every package of ``requirements/run.txt`` has a wheel for each system and Python that is named.

Part of ``make lock``: a new version of a dependency that drops a system is seen when it is locked.
uv resolves the lock for a system without installing anything, and without building anything from source.
Prints the table that docs/dependencies.md shows, and exits with 1 if a supported system lacks a wheel.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, slots=True)
class System:
    """One system: uv's name for it, and whether Homebody has to install there from wheels."""

    title: str
    platform: str
    supported: bool = True


SYSTEMS = (
    System("Linux x86-64, glibc 2.17", "x86_64-manylinux2014"),
    System("Linux ARM64, glibc 2.17", "aarch64-manylinux2014"),
    System("macOS 13, Apple silicon", "aarch64-apple-darwin"),
    System("macOS 13, Intel", "x86_64-apple-darwin"),
    System("Windows x86-64", "x86_64-pc-windows-msvc"),
    System("Windows ARM64", "aarch64-pc-windows-msvc", supported=False),
    System("Alpine (musl) x86-64", "x86_64-unknown-linux-musl", supported=False),
)


def main() -> int:
    """Print one row for each system."""
    failed = False
    sys.stdout.write(f"| System | {' | '.join(PYTHONS)} |\n| --- |{' --- |' * len(PYTHONS)}\n")
    with tempfile.TemporaryDirectory() as target:
        for system in SYSTEMS:
            missing = [_missing(system, python, target) for python in PYTHONS]
            failed = failed or (system.supported and any(missing))
            cells = [f"no {package}" if package else "yes" for package in missing]
            sys.stdout.write(f"| {system.title} | {' | '.join(cells)} |\n")
            sys.stdout.flush()
    return 1 if failed else 0


def _missing(system: System, python: str, target: str) -> str:
    """Name the first package without a wheel there; empty if all have one."""
    lock = str(ROOT / "requirements" / "run.txt")
    command = [UV, "pip", "install", "--dry-run", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    there = ["--python-version", python, "--python-platform", system.platform]
    ran = subprocess.run(
        [*command, *there, "--target", target, "--requirement", lock],
        env=os.environ | {"MACOSX_DEPLOYMENT_TARGET": "13.0", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode == 0:
        return ""
    words = ran.stderr.split()
    return next((word.partition("==")[0] for word in words if "==" in word), "package index")


if __name__ == "__main__":
    sys.exit(main())
