"""Shared parts of the benchmarks: the model under test, source code, tables, pictures."""

import os
import sys
import tempfile
from pathlib import Path

# The copy of the weights with FIM ids is written by a helper of the tests.
sys.path.append(str(Path(__file__).parents[2] / "tests"))

# What a benchmark learns of its models must not be in the user's own notes and counts, which doctor reports.
_state = tempfile.TemporaryDirectory(prefix="homebody-benchmark-")
os.environ["HOMEBODY_STATE_DIR"] = _state.name
