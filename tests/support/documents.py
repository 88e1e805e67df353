"""Documents with a cursor mark, for tests of features."""

from homebody.text import Document, Span, TextEdit

CURSOR = "█"


def at(marked: str, language_id: str = "python") -> tuple[Document, int]:
    """Return the document without its cursor mark, and the cursor's offset."""
    offset = marked.index(CURSOR)
    return Document.create("file:///a.py", language_id, 1, marked.replace(CURSOR, "")), offset


def typed(document: Document, offset: int, text: str) -> tuple[Document, int]:
    """Return the document and the cursor after ``text`` was typed at ``offset``."""
    edited = document.edited(TextEdit(Span(offset, offset), text), document.version + 1)
    return edited, offset + len(text)


def numbered(name: str, lines: int = 60) -> Document:
    """Return a Python file in which each line is different; ``name`` is part of each."""
    text = "".join(f"{name}_{n} = {name} * {n}\n" for n in range(lines))
    return Document.create(f"file:///{name}.py", "python", 1, text)
