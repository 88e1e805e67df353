"""Parameters that a description documents, in the styles of the languages.

In: the text of a description. Out: names of parameters. Pure.
"""

import re
from collections.abc import Iterator

_GOOGLE = re.compile(r"[ \t]*(?:Args|Arguments|Parameters|Params|Keyword Args|Other Parameters):[ \t]*")
_NUMPY = re.compile(r"[ \t]*(?:Other )?Parameters[ \t]*")
_UNDERLINE = re.compile(r"[ \t]*-{3,}[ \t]*")
_ENTRY = re.compile(r"[ \t]*\*{0,2}(\w+)[ \t]*(?:\([^()\n]*\))?[ \t]*:(?!:)")
_NUMPY_ENTRY = re.compile(r"[ \t]*(\*{0,2}\w+(?:[ \t]*,[ \t]*\*{0,2}\w+)*)[ \t]*(?::.*)?")
_TAGS = (
    # Sphinx: ``:param int name:``
    re.compile(r"[ \t]*:(?:param|parameter|arg|argument|key|keyword)[ \t]+(?:[^:\n]*[ \t])?\*{0,2}(\w+):"),
    # JSDoc, Javadoc, Doxygen, KDoc and PHPDoc: ``@param {type} name``, ``@param type $name``
    re.compile(
        r"[ \t]*[@\\]param(?:\[[a-z, ]*\])?[ \t]+(?:\{[^{}\n]*\}[ \t]+|[\w|\\?\[\]]+[ \t]+(?=[&.$]*\$))?"
        r"\[?[$&.]*(\w+)"
    ),
    # C#: ``<param name="name">``
    re.compile(r".*<param name=\"(\w+)\""),
    # Swift: ``- Parameter name:``
    re.compile(r"[ \t]*- Parameter (\w+):"),
)


def documented_parameters(text: str) -> list[str]:
    """Names of the parameters that a description documents, in order.

    Sections of Google's and NumPy's styles, and the tags of Sphinx, JSDoc, Javadoc, Doxygen, KDoc, PHPDoc,
    C# and Swift.
    """
    lines = text.split("\n")
    found = [match.group(1) for line in lines for tag in _TAGS if (match := tag.match(line))]
    for number, line in enumerate(lines):
        if _GOOGLE.fullmatch(line):
            found += _entries(lines[number + 1 :], _width(line))
        elif _NUMPY.fullmatch(line) and number + 1 < len(lines) and _UNDERLINE.fullmatch(lines[number + 1]):
            found += _underlined(lines[number + 2 :], _width(line))
    return found


def _entries(lines: list[str], heading: int) -> Iterator[str]:
    """Names of a section whose entries are indented below its heading; what explains them is deeper."""
    margin = None
    for line in lines:
        width = _width(line)
        if not line.strip() or width <= heading:
            return
        margin = width if margin is None else margin
        if width == margin and (entry := _ENTRY.match(line)):
            yield entry.group(1)


def _underlined(lines: list[str], heading: int) -> Iterator[str]:
    """Names of a section whose entries are at the column of its heading."""
    for number, line in enumerate(lines):
        if number + 1 < len(lines) and _UNDERLINE.fullmatch(lines[number + 1]):
            return
        if line.strip() and _width(line) == heading and (entry := _NUMPY_ENTRY.fullmatch(line)):
            yield from (name.strip(" \t*") for name in entry.group(1).split(","))


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
