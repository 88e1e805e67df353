"""What the benchmarks share: the model under test, the code that is used, tables, intervals, pictures."""

import sys
from pathlib import Path

# The copy of weights with FIM ids is written by the tests' own helper.
sys.path.append(str(Path(__file__).parents[2] / "tests"))
