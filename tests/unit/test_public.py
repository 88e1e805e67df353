"""What ``import homebody`` offers to scripts."""

import subprocess
import sys

import pytest

import homebody
from homebody.features.complete import complete


def test_the_features_are_offered_as_they_are():
    """No wrapper stands between a script and the coroutines of ``features``."""
    assert homebody.complete is complete
    assert {homebody.explain.__name__, homebody.refactor.__name__} == {"explain", "refactor"}
    assert callable(homebody.open_engine)


def test_what_is_not_there_is_an_ordinary_error():
    """As for every module."""
    with pytest.raises(AttributeError, match="no attribute 'cloud'"):
        _ = homebody.cloud


def test_nothing_is_loaded_before_its_first_use():
    """The way to the language server stays short."""
    code = "import sys, homebody; print([name for name in sys.modules if name.startswith('homebody.')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
