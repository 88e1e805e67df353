"""``python -m homebody.host``: the host process.

Uses argparse: importing typer and rich would take a third of the startup time.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from homebody.host.options import HostOptions
from homebody.host.run import run


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the host until it is no longer needed; this ends the process."""
    parser = argparse.ArgumentParser(prog="homebody host", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--context-length", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--shared", type=Path, help="lock file of a host that several editors use")
    parser.add_argument("--idle-minutes", type=float, default=15.0)
    parser.add_argument("--linger-seconds", type=float, default=10.0)
    parsed = parser.parse_args(arguments)
    run(
        HostOptions(
            model=parsed.model,
            context_length=parsed.context_length,
            threads=parsed.threads,
            shared=parsed.shared,
            idle_minutes=parsed.idle_minutes,
            linger_seconds=parsed.linger_seconds,
        )
    )


if __name__ == "__main__":
    main()
