"""Shared parts of the table of languages: comment styles, patterns, and rows that others extend.

Data only, for ``languages``.
"""

import builtins
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
PYTHON_BUILTINS = frozenset(dir(builtins)) | {
    *("__file__", "__path__", "__annotations__", "__class__", "__module__", "__qualname__", "__all__"),
    "reveal_type",
}
# A name alone before the colon is an annotation or a key, not a header.
PYTHON_OPENER = re.compile(
    r"^(?!\s*(?!(?:try|else|finally)\s*:)[\w.]+\s*:$|.*\blambda\b[^:()]*:$).*:$", re.DOTALL
)
VOID_TAGS = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"

BRACES = Language(
    name="",
    title="",
    ids=(),
    regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE, regions.CHARACTER),
    blocks="braces",
    opener=BRACE_OR_THIN_ARROW,
    continuation=re.compile(r"(?:else|catch|finally)\b"),
    doc=STARS,
)
"""Shared values of languages with braces; not a language by itself."""

JAVA = replace(
    BRACES,
    name="java",
    module_name="last",
    tests="{stem}Test.java",
    framework="JUnit 5",
    tests_import=False,
    title="Java",
    ids=("java",),
    extensions=(".java",),
    grammar="tree_sitter_java:language",
)
JAVASCRIPT = replace(
    BRACES,
    name="javascript",
    reads_names=frozenset({"eval"}),
    tests="{stem}.test.js",
    framework="Jest",
    title="JavaScript",
    ids=("javascript",),
    extensions=(".js", ".mjs", ".cjs"),
    grammar="tree_sitter_javascript:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.SINGLE, regions.BACKTICK, regions.PATTERN),
    opener=BRACE_OR_ARROW,
    closer=re.compile(r"[)\]}]|</"),
    markup_inside=True,
    unit="  ",
)
TYPESCRIPT = replace(
    JAVASCRIPT,
    name="typescript",
    tests="{stem}.test.ts",
    title="TypeScript",
    ids=("typescript",),
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript:language_typescript",
)
C = replace(
    BRACES,
    name="c",
    title="C",
    ids=("c",),
    extensions=(".c", ".h"),
    grammar="tree_sitter_c:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER),
    opener=BRACE,
    directive=DIRECTIVE,
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
    # Brackets are those of scripts and styles.
    closer=re.compile(r"</|[)\]}]"),
    prose=True,
    data=True,
    unit="  ",
)
CSS = replace(
    BRACES,
    name="css",
    title="CSS",
    ids=("css",),
    extensions=(".css",),
    grammar="tree_sitter_css:language",
    regions=(regions.SLASH_STAR, regions.DOUBLE, regions.SINGLE),
    opener=BRACE,
    data=True,
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

PLAIN_TEXT = Language(
    name="plaintext",
    title="Plain text",
    tag="text",
    ids=("plaintext", "latex", "restructuredtext", "git-commit"),
    prose=True,
)

DOCKERFILE = Language(
    name="dockerfile",
    title="Dockerfile",
    ids=("dockerfile",),
    regions=(regions.HASH, regions.DOUBLE),
    doc=HASH_DOC,
)
