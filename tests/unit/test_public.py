"""What ``import homebody`` offers to scripts."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import homebody


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
