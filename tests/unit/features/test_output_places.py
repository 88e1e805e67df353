"""Files of the workspace that the output of a program names."""

from contextlib import asynccontextmanager

import pytest

from homebody.features.attachments import as_seen
from homebody.features.explain_text import places_in

_FILES = (
    "app.py",
    "tests/test_app.py",
    "src/main.rs",
    "cmd/serve/main.go",
    "web/app.ts",
    "web/my page/view.js",
    "lib/index.php",
    "core/area.c",
    "App/Cart.cs",
    "java/src/main/java/com/shop/Cart.java",
    "java/src/test/java/com/other/Cart.java",
    "java/src/main/java/com/shop/Only.java",
    "Makefile",
    "tool.pl",
)


# What a tool prints, and the places of the workspace that it means, the last first.
_OUTPUTS = (
    ('  File "{root}/app.py", line 3, in half\nTypeError: no', ["app.py:3"]),
    ("tests/test_app.py:12: AssertionError", ["tests/test_app.py:12"]),
    (
        "E       assert 1 == 2\n\ntests/test_app.py:7: in test\napp.py:2: Error",
        ["app.py:2", "tests/test_app.py:7"],
    ),
    ("error[E0382]: moved\n --> src/main.rs:4:5\n  |", ["src/main.rs:4"]),
    ("thread 'main' panicked at src/main.rs:9:10:", ["src/main.rs:9"]),
    (
        "goroutine 1 [running]:\nmain.main()\n\t{root}/cmd/serve/main.go:12 +0x1d",
        ["cmd/serve/main.go:12"],
    ),
    ("./main.go:8:2: undefined: x", ["cmd/serve/main.go:8"]),
    ("TypeError: no\n    at f ({root}/web/app.ts:3:5)", ["web/app.ts:3"]),
    ("    at g ({root}/web/my page/view.js:5:1)", ["web/my page/view.js:5"]),
    ("file://{root}/web/app.ts:6\n  throw x", ["web/app.ts:6"]),
    ("web/app.ts(7,9): error TS2322: no", ["web/app.ts:7"]),
    ("core/area.c:21:3: error: expected ';'", ["core/area.c:21"]),
    ("area.c:22:3: warning: unused", ["core/area.c:22"]),
    ("C:\\build\\core\\area.c(5): error C2143", ["core/area.c:5"]),
    ("   at Shop.Cart.Total() in {root}/App/Cart.cs:line 30", ["App/Cart.cs:30"]),
    ("PHP Fatal error: no in {root}/lib/index.php on line 8", ["lib/index.php:8"]),
    ("Died at tool.pl line 3.", ["tool.pl:3"]),
    (
        "Exception in thread\n\tat com.shop.Cart.total(Cart.java:14)",
        ["java/src/main/java/com/shop/Cart.java:14"],
    ),
    (
        "\tat app//com.other.Cart$Line.total(Cart.java:15)",
        ["java/src/test/java/com/other/Cart.java:15"],
    ),
    ("Only.java:3: error: ';' expected", ["java/src/main/java/com/shop/Only.java:3"]),
    ("Cart.java:3: error: which one?", []),
    ("Makefile:12: *** missing separator.  Stop.", ["Makefile:12"]),
    ('File "/app/src/main.rs", line 2 (in a container)', ["src/main.rs:2"]),
    ('File "/usr/lib/python3/app.py", line 9', []),
    ("12:30:45 [info] 2026-11-26T10:20:30 host:8080 ready", []),
    ("/etc/passwd:1: no", []),
)


@asynccontextmanager
async def _workspace(world, tmp_path):
    for name in _FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n" * 40)
    async with world("ok", folders=[tmp_path]) as w:
        await w.engine.index.updated(60)
        yield w


async def test_places_are_found_as_tools_print_them(world, tmp_path):
    found: list[tuple[str, list[str]]] = []
    async with _workspace(world, tmp_path) as w:
        for output, _ in _OUTPUTS:
            places = await places_in(w.engine, output.replace("{root}", str(tmp_path)), 6)
            names = [f"{path.relative_to(tmp_path).as_posix()}:{line + 1}" for path, line in places]
            found.append((output, names))
    assert found == list(_OUTPUTS)


async def test_a_name_is_looked_up_from_the_current_folder_too(world, tmp_path, monkeypatch):
    async with _workspace(world, tmp_path) as w:
        monkeypatch.chdir(tmp_path / "tests")
        (tmp_path / "tests" / "app.py").write_text("x = 1\n")
        found = await places_in(w.engine, "test_app.py:3: Error", 6)
    assert found == [(tmp_path / "tests" / "test_app.py", 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31merror\x1b[0m: \x1b[38;5;9mno\x1b[m", "error: no"),
        ("\x1b]8;;file:///a.py\x1b\\a.py\x1b]8;;\x1b\\:3", "a.py:3"),
        ("\x1b]0;title\x07text", "text"),
        ("10 %\r50 %\r100 %\nDone.\r\n", "100 %\nDone.\n"),
        ("plain", "plain"),
        ("\x1b", "\x1b"),
    ],
)
def test_output_is_read_as_a_person_saw_it(text, expected):
    assert as_seen(text) == expected
