"""Shared parts of the table of languages: comment styles, patterns, and rows that others extend.

Data only, for ``languages``.
"""

import re
from dataclasses import replace

from homebody.syntax import regions
from homebody.syntax.row import DocStyle, Language

STARS = DocStyle(" * ", "/**", " */")
THREE_SLASHES = DocStyle("/// ")
HASH_DOC = DocStyle("# ", own=False)

BRACE = re.compile(r"\{$")
BRACE_OR_ARROW = re.compile(r"(?:\{|=>)$")
BRACE_OR_THIN_ARROW = re.compile(r"(?:\{|->)$")
DIRECTIVE = re.compile(
    r"#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include|pragma|region|endregion)\b"
)
VOID_TAGS = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"

JAVA = Language(
    name="java",
    tests="{stem}Test.java",
    tests_import=False,
    title="Java",
    ids=("java",),
    extensions=(".java",),
    grammar="tree_sitter_java:language",
    regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE, regions.CHARACTER),
    blocks="braces",
    opener=BRACE_OR_THIN_ARROW,
    continuation=re.compile(r"(?:else|catch|finally)\b"),
    doc=STARS,
    decoration="@",
)
JAVASCRIPT = replace(
    JAVA,
    name="javascript",
    tests="{stem}.test.js",
    tests_import=True,
    title="JavaScript",
    ids=("javascript",),
    extensions=(".js", ".mjs", ".cjs"),
    grammar="tree_sitter_javascript:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.SINGLE, regions.BACKTICK, regions.PATTERN),
    opener=BRACE_OR_ARROW,
    markup_inside=True,
    unit="  ",
)
TYPESCRIPT = replace(
    JAVASCRIPT,
    name="typescript",
    tests="{stem}.test.ts",
    tests_import=True,
    title="TypeScript",
    ids=("typescript",),
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript:language_typescript",
)
C = replace(
    JAVA,
    name="c",
    tests="",
    title="C",
    ids=("c",),
    extensions=(".c", ".h"),
    grammar="tree_sitter_c:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER),
    opener=BRACE,
    directive=DIRECTIVE,
    decoration="",
)
HTML = Language(
    name="html",
    title="HTML",
    ids=("html", "xhtml"),
    extensions=(".html", ".htm", ".xhtml"),
    grammar="tree_sitter_html:language",
    # In running text an apostrophe opens nothing: only the tree knows attribute values.
    regions=(regions.MARKUP_COMMENT,),
    blocks="tags",
    opener=re.compile(rf"<(?!(?:{VOID_TAGS})\b)[A-Za-z][\w:.-]*(?:[^<>]*[^<>/])?>$"),
    closer=re.compile(r"</"),
    prose=True,
    data=True,
    unit="  ",
)
CSS = replace(
    JAVA,
    name="css",
    tests="",
    title="CSS",
    ids=("css",),
    extensions=(".css",),
    grammar="tree_sitter_css:language",
    regions=(regions.SLASH_STAR, regions.DOUBLE, regions.SINGLE),
    opener=BRACE,
    data=True,
    decoration="",
    units=re.compile(r"(?:px|r?em|ch|ex|v[hw]|vmin|vmax|p[tc]|[cm]m|in|fr|deg|rad|turn|m?s|dpi|x)\b"),
    unit="  ",
)
MARKDOWN = Language(
    name="markdown",
    title="Markdown",
    ids=("markdown",),
    extensions=(".md", ".markdown", ".mdown"),
    grammar="tree_sitter_markdown:language",
    regions=(regions.MARKUP_COMMENT,),
    opener=re.compile(r"(?!)"),
    prose=True,
    data=True,
)
