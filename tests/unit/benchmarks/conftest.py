"""Modules of the benchmarks, which are scripts outside of the package."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))
