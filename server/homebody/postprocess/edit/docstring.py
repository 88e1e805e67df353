"""Write a model's description of a definition where the language expects it.

Of an existing one, the first paragraph is replaced. Nothing but documentation changes.
"""

import re
import textwrap
from inspect import cleandoc

from homebody.postprocess.edit.answer_code import CUT, Refusal, code_in_answer
from homebody.postprocess.ghost.repeats import repeated_from
from homebody.postprocess.lines import fit_line_ends, with_line_ends
from homebody.postprocess.noise import CHATTER_LINE
from homebody.syntax.docstring import DocstringPlace, Obstacle, docstring_place
from homebody.syntax.indentation import indent_of, indent_unit_of
from homebody.syntax.language import language_of
from homebody.syntax.row import DocStyle
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit

_QUOTES = ('"""', "'''")
_LITERAL = re.compile(
    r"^[ \t]*[rRuU]?(\"{3}|'{3})(?P<text>(?:\\.|(?!\1)[^\\])*)(?P<end>\1|\\?\Z)", re.MULTILINE | re.DOTALL
)
_STARRED = re.compile(r"^[ \t]*/\*+(?P<text>.*?)(?P<end>\*+/|\Z)", re.MULTILINE | re.DOTALL)
_STAR = re.compile(r"^[ \t]*\*+ ?", re.MULTILINE)
_IN_QUOTES = re.compile(r"([\"'`])(.*)\1", re.DOTALL)
_ANNOUNCEMENT = re.compile(r"\A(?:\W{0,2}\w+:\W{0,2}[ \t]+|[^\n.]*[:!][ \t]*\n+)(?=\S)")
"""A label, or a first line that ends with a colon."""
_NEXT_PARAGRAPH = re.compile(r"\n(?=[ \t]*(?:\n|[@:\\<#-]))")
_NEXT_SENTENCE = re.compile(
    r"(?<=[\w`'\")][.!])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\betc\.)(?<!\bvs\.)(?<!\d\.)\s+(?=[A-Z`])"
    r"|(?<=[\w`'\").!])\n\s*\n(?=\s*\S)"
)
_PROSE = re.compile(r"\s*(?:[A-Z][a-z]+ |`(?!`))")

_WIDTH = 100
"""Column at which the lines of a description are wrapped."""

_NO_DESCRIPTION = "The answer has no description."
_WHY_NOT: dict[Obstacle, str] = {
    "no definition": "There is no function or class here to describe; put the cursor on one.",
    "comment above": "There is a comment above it already; remove it to have a description written.",
    "not a plain string": "Its docstring is more than a plain string; change it by hand.",
}


def docstring_edits(
    document: Document, tree: Tree, span: Span, answer: str, *, cut: bool = False
) -> list[TextEdit]:
    """Describe the first definition that begins in ``span``. Raises ``Refusal``.

    The answer, without reasoning, is bare text, a docstring or comment, or the whole function with one.
    ``cut``: it ended at the token limit.
    """
    style = language_of(document.language_id, document.uri).doc
    if style is None:
        message = f"Descriptions are not written in comments in {document.language_id} files."
        raise Refusal(message)
    new = _description(document, answer, style, cut=cut)
    place = docstring_place(document, tree, span, style, indent_unit_of(document, span))
    if not isinstance(place, DocstringPlace):
        raise Refusal(_WHY_NOT[place])
    there = document.slice(place.span)
    old, _ = _marked(there, style) or ("", True)
    text = _merged(cleandoc(old).rstrip(), new, style)
    written = (
        _docstring(document, text, place) if style.inside else _comment(text, style, place.indent, there)
    )
    if there.strip():
        return [TextEdit(place.span, fit_line_ends(written, old=there, newline=document.newline))]
    return [TextEdit(place.span, with_line_ends(place.before + written + place.after, document.newline))]


def end_of_sentence(answer: str, number: int) -> int | None:
    """Return the end of the sentence of this number, from 1, once another one follows it.

    ``None`` for an answer that is not just prose: in quotes, comment marks or a code block, or announced.
    """
    if _PROSE.match(answer) is None or CHATTER_LINE.match(answer):
        return None
    ends = [sentence.start() for sentence in _NEXT_SENTENCE.finditer(answer)]
    return ends[number - 1] if len(ends) >= number else None


def _description(document: Document, answer: str, style: DocStyle, *, cut: bool) -> str:
    """The description without comment marks, quotes or indentation; of one that was cut, whole sentences."""
    code = answer if cut or not answer.strip() else code_in_answer(answer, old="")
    marked = _marked(code, style) or _marked(answer, style)
    if marked is None:
        written = document.with_text(code)
        if any(each.is_function or each.is_class for each in definitions(written, parse(written))):
            raise Refusal(_NO_DESCRIPTION)
        text = _ANNOUNCEMENT.sub("", answer.strip())
        quoted = _IN_QUOTES.fullmatch(text)
        marked = (quoted.group(2) if quoted else text, not cut)
    text, is_whole = marked
    text = cleandoc(text)
    again = repeated_from(text + "\n")
    text = "\n".join(line.rstrip() for line in text[:again].strip().split("\n"))
    if not is_whole:
        ends = [sentence.start() for sentence in _NEXT_SENTENCE.finditer(f"{text} A")]
        if not ends:
            raise Refusal(CUT)
        text = text[: ends[-1]]
    if not re.search(r"\w", text):
        raise Refusal(_NO_DESCRIPTION)
    return text


def _marked(text: str, style: DocStyle) -> tuple[str, bool] | None:
    """Description in quotes or comment marks, and whether it is closed; ``None`` without either."""
    if not (style.inside or style.begin):
        mark = re.escape(style.line.strip())
        lines = re.match(rf"(?:[ \t]*{mark}[^\n]*(?:\n|\Z))+", text)
        return (re.sub(rf"(?m)^[ \t]*{mark} ?", "", lines.group()), True) if lines else None
    match = (_LITERAL if style.inside else _STARRED).search(text)
    if match is None:
        return None
    inner = match["text"] if style.inside else _STAR.sub("", match["text"])
    return inner.partition("\n```")[0] if not match["end"] else inner, bool(match["end"])


def _merged(old: str, new: str, style: DocStyle) -> str:
    """``new`` in place of the first paragraph of ``old``, whose other paragraphs and sections stay."""
    opening, closing = style.around
    if opening:
        inner = new.removeprefix(opening).partition(closing)[0].strip()
        head, is_closed, rest = old.partition(closing)
        rest = rest if is_closed else head[_first_paragraph(head) :]
        return f"{opening}\n{inner}\n{closing}{rest}"
    rest = old[_first_paragraph(old) :]
    return new[: _first_paragraph(new)] + rest if rest.strip() else new


def _first_paragraph(text: str) -> int:
    """End of the first paragraph: a blank line or a section that begins with a mark (``@param``) follows."""
    gap = _NEXT_PARAGRAPH.search(text.rstrip())
    return gap.start() if gap else len(text.rstrip())


def _docstring(document: Document, text: str, place: DocstringPlace) -> str:
    """Quote ``text`` for Python, like the docstring there or the others of the file."""
    there = document.slice(place.span).lstrip("rRuU")
    others = "'''" if "'''" in document.text and '"""' not in document.text else '"""'
    quote = there[:3] if there.startswith(_QUOTES) else others
    text = text.replace(quote, next(other for other in _QUOTES if other != quote))
    prefix = "r" if "\\" in text else ""
    used = len(place.indent.expandtabs(4))
    lines = _wrapped(text, used)
    # A final quote or backslash would merge with the closing quotes.
    if len(lines) == 1 and not text.endswith((quote[0], "\\")) and len(text) + 7 + used <= _WIDTH:
        return f"{prefix}{quote}{text}{quote}"
    space = " " if text.startswith(quote[0]) else ""
    body = "\n".join([lines[0], *(f"{place.indent}{line}".rstrip() for line in lines[1:])])
    return f"{prefix}{quote}{space}{body}\n{place.indent}{quote}"


def _comment(text: str, style: DocStyle, indent: str, there: str) -> str:
    """Put comment marks around ``text``, on one line if they were; its first line gets no indentation."""
    if style.end:
        text = text.replace("*/", "* /")
    lines = _wrapped(text, len(indent.expandtabs(4)) + len(style.line))
    if style.begin and there.strip() and "\n" not in there and len(lines) == 1:
        return f"{style.begin} {lines[0]} {style.end.strip()}"
    marked = [(style.line + line).rstrip() for line in lines]
    return f"\n{indent}".join([*filter(None, [style.begin]), *marked, *filter(None, [style.end])])


def _wrapped(text: str, used: int) -> list[str]:
    """Lines of ``text``, long ones wrapped at their own indentation."""
    lines: list[str] = []
    for line in text.split("\n"):
        wrapper = textwrap.TextWrapper(
            _WIDTH - used,
            subsequent_indent=indent_of(line),
            break_long_words=False,
            break_on_hyphens=False,
        )
        is_table = line.lstrip().startswith((">>>", "...", "|", "    "))
        lines += [line] if is_table or len(line) + used <= _WIDTH else wrapper.wrap(line)
    return lines
