"""Rules for every file of the project, in any language."""

import re

import pytest

from support.tracked import tracked_texts

# Name and top-level domain are separate, so that this file does not contain the addresses.
REGISTRY_HOSTS = re.compile(
    "|".join(
        rf"{name}\.{top}\b"
        for name, top in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "(?:org|com)"),
            ("yarnpkg", "com"),
            ("debian", "org"),
            ("crates", "io"),
            ("golang", "org"),
        )
    )
)
# 10.99.0.0/24 is the network that tests make for themselves; other examples take 192.0.2.0/24.
PRIVATE_ADDRESS = re.compile(
    r"(?<![\d.])(?:10\.(?!99\.0\.)\d{1,3}\.\d{1,3}\.\d{1,3}"
    r"|192\.168\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})(?![\d.])"
)
HOME_NETWORK_NAME = re.compile(r"//[\w.-]+\.(?:local|lan|home|home\.arpa|internal|corp|intranet|box)\b")
SOMEBODYS_FOLDER = re.compile(r"/work/(?:main|shared|\.library)\b|/root/\w")
SUPPRESSION_WITHOUT_REASON = re.compile(
    r"# (?:noqa|type: ignore|pyright: ignore)(?:\[[\w, ]+\]|: [A-Z]+\d+(?:, [A-Z]+\d+)*)?[ \t]*$",
    re.MULTILINE,
)
MODULE_SUFFIXES = {".py", ".lua", ".ts", ".sh"}
LONGEST_MODULE = 400


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        (REGISTRY_HOSTS, "package registries are reached by the client's own settings"),
        (
            PRIVATE_ADDRESS,
            "examples take 192.0.2.x, tests that connect 10.99.0.x in a namespace of their own",
        ),
        (HOME_NETWORK_NAME, "examples take names under .example"),
        (SOMEBODYS_FOLDER, "the project needs nothing outside of its checkout and the user's folders"),
    ],
    ids=["registries", "addresses", "names", "folders"],
)
def test_no_file_names_a_private_place(pattern: re.Pattern[str], advice: str):
    named = [
        f"{path}:{_line(text, match.start())}: {match[0]}"
        for path, text in tracked_texts()
        for match in pattern.finditer(text)
    ]

    assert named == [], advice


def test_each_suppressed_check_has_its_reason():
    found = [
        f"{path}:{_line(text, match.start())}"
        for path, text in tracked_texts()
        if path.suffix == ".py"
        for match in SUPPRESSION_WITHOUT_REASON.finditer(text)
    ]

    assert found == []


def test_no_module_is_too_long():
    """A module has at most 400 lines."""
    long = {
        str(path): lines
        for path, text in tracked_texts()
        if path.suffix in MODULE_SUFFIXES and (lines := text.count("\n")) > LONGEST_MODULE
    }

    assert long == {}


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
