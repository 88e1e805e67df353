"""What ``import homebody`` offers to scripts."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import homebody
from homebody.features.complete import complete


def test_the_features_are_offered_as_they_are():
    assert homebody.complete is complete
    names = {homebody.explain.__name__, homebody.refactor.__name__, homebody.ask.__name__}
    assert names == {"explain", "refactor", "ask"}
    assert callable(homebody.open_engine)


def test_every_public_name_is_there_and_typed():
    stub = Path(homebody.__file__).with_name("__init__.pyi").read_text("utf-8")
    typed = re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)
    assert {name: module for module, name in typed} == homebody._PUBLIC
    modules = {name: importlib.import_module(module) for name, module in homebody._PUBLIC.items()}
    assert all(getattr(homebody, name) is getattr(module, name) for name, module in modules.items())
    assert {*homebody._PUBLIC, "__version__"} == set(dir(homebody))


def test_nothing_is_loaded_before_its_first_use():
    code = "import sys, homebody; print([name for name in sys.modules if name.startswith('homebody.')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
