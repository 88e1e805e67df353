"""``python -m homebody.host``: the host process.

Reads its arguments with argparse: typer and rich would cost a third of the time until it is ready.
"""

import argparse
import sys
from pathlib import Path

from homebody.host.options import HostOptions
from homebody.host.run import run


def main() -> int:
    """Run the host until nobody needs it; return the exit code."""
    parser = argparse.ArgumentParser(prog="homebody host", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--context-length", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--shared", type=Path, help="lock file of a host that several editors use")
    parser.add_argument("--idle-minutes", type=float, default=HostOptions.idle_minutes)
    arguments = parser.parse_args()
    return run(
        HostOptions(
            model=arguments.model,
            context_length=arguments.context_length,
            threads=arguments.threads,
            shared=arguments.shared,
            idle_minutes=arguments.idle_minutes,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
