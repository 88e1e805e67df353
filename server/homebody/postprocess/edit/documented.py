"""The sections of a description, in the styles of the languages: what it documents, and the rest."""

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

_SECTION = re.compile(
    r"[ \t]*(?:[@\\]([a-z]+)\b|:([a-z]+)(?:[ \t][^:\n]*)?:(?!:)|<(?!summary\b|para\b)([a-z]+)[ />]"
    r"|#{1,3} (\w+)|- (Parameter|Returns|Throws)s?\b"
    r"|(Args|Arguments|Parameters|Params|Keyword Args|Other Parameters|Attributes|Returns?|Yields|Raises"
    r"|Throws|Warns|Examples?|Notes?|See Also|References|Panics|Errors|Safety)[ \t]*(?::[ \t]*)?\Z)",
)
"""First line of a section; a heading in NumPy's style is followed by a line of dashes."""


def with_sections_of(old: str, new: str) -> str:
    """Return ``new`` with what ``old`` says in addition: its sections, and paragraphs after the first.

    The sections of ``new`` are used if they have everything that those of ``old`` have: the same parameters
    and kinds of sections. Paragraphs are replaced by as many as ``new`` has.
    """
    old_text, old_sections = _divided(old)
    new_text, new_sections = _divided(new)
    sections = new_sections if _documents(new) >= _documents(old) else old_sections
    replaced = new_text.count("\n\n") + 1
    rest = old_text.split("\n\n")[replaced:]
    text = "\n\n".join([new_text, *rest])
    if "<summary>" in old_text and "<summary>" not in new_text:
        text = f"<summary>\n{text}\n</summary>"
    if not sections.strip():
        return text
    gap = "\n\n" if sections.startswith("\n\n") or not old_sections.startswith("\n") else "\n"
    return text + gap + sections.strip("\n")


def _documents(text: str) -> set[str]:
    """Parameters, and the first letters of sections' names (``ret`` for ``Return`` and ``Returns``)."""
    lines = text.split("\n")
    found = [_SECTION.match(line) for number, line in enumerate(lines) if _begins_section(lines, number)]
    kinds = {next(filter(None, one.groups())).lower() for one in found if one is not None}
    return {f"{kind[:3]}…" for kind in kinds} | set(documented_parameters(text))


def _divided(text: str) -> tuple[str, str]:
    """Paragraphs of a description, and its sections with the line ends before them."""
    lines = text.split("\n")
    first = next((number for number in range(len(lines)) if _begins_section(lines, number)), len(lines))
    above = "\n".join(lines[:first])
    description = above.rstrip("\n")
    return description, text[len(description) :]


def _begins_section(lines: list[str], number: int) -> bool:
    if not _SECTION.match(lines[number]):
        return False
    is_word = re.fullmatch(r"[ \t]*[\w ]+", lines[number]) is not None
    return not is_word or (number + 1 < len(lines) and _UNDERLINE.fullmatch(lines[number + 1]) is not None)


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
