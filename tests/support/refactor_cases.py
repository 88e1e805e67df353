r"""Cases of refactorings: a document, the model's answer, and the result.

A file of cases is named by its language. Each case begins with ``== NAME``, a claim; lines of
``key: value`` follow (``action`` or ``instruction``, ``problem``, ``newline: crlf``, ``cut: yes`` for an
answer that ends at the limit of tokens, ``repeat: N`` for an answer whose lines come N times, ``language``
for another one than the file's, ``escapes: yes`` where ``\u202e`` stands for the character). Then the parts:

``-- code``
    The document; ``«`` and ``»`` enclose the selection, ``█`` is the cursor.
``-- answer``
    The model's answer; a second one answers the retry.
``-- becomes``
    The document afterwards; or ``-- noted: TEXT`` in its notes, joined by ``; ``, ``-- refused: TEXT`` in
    the reason, ``-- unchanged``, or ``-- new file`` with its text.
"""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.features.refactor import refactor
from homebody.text import Document, Span, apply_edits
from support.gated import ScriptedEngine

SUFFIXES = {
    "python": "py", "javascript": "js", "typescript": "ts", "typescriptreact": "tsx", "go": "go",
    "java": "java", "rust": "rs", "php": "php", "ruby": "rb", "c": "c", "cpp": "cpp", "shellscript": "sh",
    "markdown": "md", "csharp": "cs", "plaintext": "txt", "kotlin": "kt", "css": "css", "yaml": "yaml",
    "json": "json", "makefile": "mk", "sql": "sql", "lua": "lua", "html": "html", "vue": "vue",
}  # fmt: skip
FOLDER = Path(__file__).parent.parent / "cases" / "refactor"


@dataclass(frozen=True)
class RefactorCase:
    """One case; ``expected`` is the heading of its last part, with the text below it."""

    language: str
    name: str
    settings: dict[str, str]
    code: str
    span: Span
    answers: tuple[str, ...]
    expected: tuple[str, str]

    @property
    def id(self) -> str:
        return f"{self.language}:{self.name}"


def load_cases(path: Path) -> list[RefactorCase]:
    lines = path.read_text("utf-8").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("== ")]
    ends = [*starts[1:], len(lines)]
    return [_case(path.stem, lines, start, end) for start, end in zip(starts, ends, strict=True)]


def _case(stem: str, lines: list[str], start: int, end: int) -> RefactorCase:
    settings: dict[str, str] = {}
    parts: list[tuple[str, list[str]]] = []
    for line in lines[start + 1 : end]:
        if line.startswith("-- "):
            parts.append((line[3:].strip(), []))
        elif parts:
            parts[-1][1].append(line)
        elif line.strip():
            key, _, value = line.partition(":")
            settings[key.strip()] = value.strip()
    texts = [(heading, _text(body)) for heading, body in parts]
    if "escapes" in settings:
        texts = [(heading, _unescaped(text)) for heading, text in texts]
    (code,) = [text for heading, text in texts if heading == "code"]
    if settings.get("newline") == "crlf":
        code = code.replace("\n", "\r\n")
    code, span = selected(code)
    answers = [text.rstrip("\n") for heading, text in texts if heading == "answer"]
    times = int(settings.get("repeat", "1"))
    answers = ["\n".join([answer] * times) for answer in answers]
    heading, expected = texts[-1]
    if settings.get("newline") == "crlf":
        expected = expected.replace("\n", "\r\n")
    language = settings.get("language", stem)
    return RefactorCase(
        language,
        lines[start][3:].strip(),
        settings,
        code,
        span,
        tuple(answers),
        (heading, expected),
    )


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found.group(1), 16)), text)


def _text(lines: list[str]) -> str:
    """Lines of a part, without the blank ones before the next part."""
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def selected(code: str) -> tuple[str, Span]:
    """Code without the marks of its selection or cursor, and their span."""
    if "█" in code:
        at = code.index("█")
        return code.replace("█", ""), Span(at, at)
    if "«" not in code:
        return code, Span(0, 0)
    start = code.index("«")
    code = code.replace("«", "")
    end = code.index("»")
    return code.replace("»", ""), Span(start, end)


async def outcome(case: RefactorCase) -> tuple[str, str, tuple[str, ...]]:
    """Heading and text of a case's result, in the form of the case files, and its notes."""
    finish = "length" if "cut" in case.settings else "stop"
    replies = [ScriptedReply(text=answer, times=1, finish=finish) for answer in case.answers[:-1]]
    replies += [ScriptedReply(text=answer, finish=finish) for answer in case.answers[-1:]]
    engine = ScriptedEngine(ScriptedBackend(*replies, context_length=65_536))
    uri = f"file:///w/sample.{SUFFIXES[case.language]}"
    document = Document.create(uri, case.language, 1, case.code)
    settings = case.settings
    async with contextlib.aclosing(engine):
        done = await refactor(
            engine,
            document,
            case.span,
            action=settings.get("action"),
            instruction=settings.get("instruction"),
            problem=settings.get("problem", ""),
        )
    if done.status == "refused":
        return f"refused: {done.reason}", "", done.notes
    if done.new_file is not None:
        return "new file", done.new_file.text, ()
    if done.status == "unchanged":
        return "unchanged", "", ()
    return "becomes", apply_edits(document.text, done.edits), done.notes
