"""Imports to files: real statements, read by ``syntax``, resolved among given paths."""

import pytest

from homebody.syntax import scope
from homebody.syntax.tree import parse
from homebody.text import Document
from homebody.workspace.imports import read_imports, resolve, stem_of

FILES = [
    *("server/shop/__init__.py", "server/shop/order.py", "server/shop/line/__init__.py", "server/main.py"),
    *("server/shop/line/total.py", "tools/shop/order.py", "utils.py", "server/utils.py", "stubs/fast.pyi"),
    *(
        "web/src/index.ts",
        "web/src/lib/api.ts",
        "web/src/lib/index.tsx",
        "web/src/types.d.ts",
        "web/src/old.js",
    ),
    *("web/src/components/Button.tsx", "admin/src/lib/api.ts"),
]


def lookup(stems):
    return [path for path in FILES if stem_of(path) in stems]


def check(path: str, text: str, expect: str, *, language: str | None = None):
    language = language or ("python" if path.endswith(".py") else "typescript")
    document = Document.create(f"file:///{path}", language, 0, text)
    rows = scope.imports(document, parse(document))
    assert expect.split() == list(resolve(read_imports(language, rows, path), path, lookup))


@pytest.mark.parametrize(
    ("path", "text", "expect"),
    [
        ("server/main.py", "from shop.order import Order", "server/shop/order.py"),
        ("tools/run.py", "from shop.order import Order", "tools/shop/order.py"),
        ("server/main.py", "import shop.order as o, utils", "server/shop/order.py server/utils.py"),
        ("server/main.py", "from shop import order", "server/shop/order.py server/shop/__init__.py"),
        (
            "server/shop/order.py",
            "from .line import total",
            "server/shop/line/total.py server/shop/line/__init__.py",
        ),
        (
            "server/shop/order.py",
            "from . import line",
            "server/shop/line/__init__.py server/shop/__init__.py",
        ),
        ("server/shop/line/total.py", "from ..order import Order", "server/shop/order.py"),
        ("server/shop/line/total.py", "from .... import x", ""),
        ("server/main.py", "from fast import *", "stubs/fast.pyi"),
        ("server/main.py", "import os, re\nfrom collections.abc import Iterable", ""),
    ],
)
def test_python_imports_name_files(path, text, expect):
    check(path, text, expect)


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ('import { get } from "./lib/api"', "web/src/lib/api.ts"),
        ('import { get } from "./lib/api.js"', "web/src/lib/api.ts"),
        ('import lib from "./lib"', "web/src/lib/index.tsx"),
        ('import lib from "./lib/index"', "web/src/lib/index.tsx"),
        ('import type { T } from "./types"', "web/src/types.d.ts"),
        ('const old = require("./old")', "web/src/old.js"),
        ('import { Button } from "@/components/Button"', "web/src/components/Button.tsx"),
        ('import { Button } from "src/components/Button"', "web/src/components/Button.tsx"),
        ('import { get } from "@/lib/api"', "web/src/lib/api.ts"),
        ('import react from "react"; import x from "../../../../x"', ""),
    ],
)
def test_javascript_imports_name_files(text, expect):
    check("web/src/app.ts", text, expect)


def test_names_that_were_changed_lead_back_to_the_definition():
    document = Document.create("", "python", 0, "from shop import Order as O, line\nimport utils as u\n")
    imported = read_imports("python", scope.imports(document, parse(document)), "a.py")
    assert imported.original == {"O": "Order"}
    document = Document.create("", "typescript", 0, 'import { get as fetch, put } from "./api"\n')
    imported = read_imports("typescript", scope.imports(document, parse(document)), "a.ts")
    assert imported.original == {"fetch": "get"}
