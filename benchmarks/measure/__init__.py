"""Shared parts of the benchmarks: the model under test, source code, tables, pictures."""

import sys
from pathlib import Path

# The copy of the weights with FIM ids is written by a helper of the tests.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
