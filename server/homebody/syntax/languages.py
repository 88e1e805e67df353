"""The table of languages: what Homebody knows of each, one row a language.

Data only; ``language`` finds rows and loads grammars. A new language is a row here, a query file beside
it and a case file in the tests.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Blocks: TypeAlias = Literal["indent", "brace", "keyword", "none"]
Docstrings: TypeAlias = Literal["inside", "before", "none"]


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of one language.

    Attributes
    ----------
    name, title
        Homebody's own name for it, LSP's where that is one word; as people write it.
    ids
        Language identifiers that clients send for it.
    extensions, filenames
        Ends of file names and whole file names, in lower case.
    grammar
        ``module:function`` of the wheel that carries the grammar.
    query
        Name of its file in ``queries/``; dialects share one.
    line_comment, block_comment
        What opens a comment to the line's end; opener and closer of the other kind.
    quotes
        String delimiters, the longest first.
    long_quotes
        Those of them whose strings run over lines.
    blocks
        How a block is told: by ``indent``, in a ``brace`` pair, closed by a ``keyword`` (``end``,
        ``fi``), or not at all.
    opener
        Regular expression for the end of a line that opens a block.
    docstrings
        Whether documentation stands ``inside`` the body or ``before`` the definition.
    docstring_lines
        First, middle and last line prefix of a documentation block.
    decoration
        What opens a decorator, an annotation or an attribute before a definition.
    unsafe
        Regular expression for text on which the grammar's own scanner breaks down: it is not parsed.
    keyword_kind
        What the names of keywords' nodes begin with, where they have names.

    """

    name: str
    title: str
    ids: tuple[str, ...]
    extensions: tuple[str, ...]
    grammar: str
    filenames: tuple[str, ...] = ()
    query: str = ""
    line_comment: str | None = None
    block_comment: tuple[str, str] | None = None
    quotes: tuple[str, ...] = ('"', "'")
    long_quotes: tuple[str, ...] = ()
    blocks: Blocks = "brace"
    opener: str = r"\{"
    docstrings: Docstrings = "before"
    docstring_lines: tuple[str, str, str] = ("", "", "")
    decoration: str = ""
    unsafe: str = ""
    keyword_kind: str = ""


_C_COMMENT = ("/*", "*/")
_JAVADOC = ("/**", " * ", " */")
_TRIPLE = ('"""', '"', "'")
_SCRIPT_QUOTES = ("`", '"', "'")

_JAVASCRIPT = Language(
    "javascript",
    "JavaScript",
    ("javascript",),
    (".js", ".mjs", ".cjs"),
    "tree_sitter_javascript:language",
    line_comment="//",
    block_comment=_C_COMMENT,
    quotes=_SCRIPT_QUOTES,
    long_quotes=("`",),
    opener=r"\{|=>",
    docstring_lines=_JAVADOC,
    decoration="@",
)
_TYPESCRIPT = replace(
    _JAVASCRIPT,
    name="typescript",
    title="TypeScript",
    ids=("typescript",),
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript:language_typescript",
)
_C = Language(
    "c",
    "C",
    ("c",),
    (".c", ".h"),
    "tree_sitter_c:language",
    line_comment="//",
    block_comment=_C_COMMENT,
    docstring_lines=_JAVADOC,
)

LANGUAGES: tuple[Language, ...] = (
    Language(
        "python",
        "Python",
        ("python",),
        (".py", ".pyi", ".pyw"),
        "tree_sitter_python:language",
        line_comment="#",
        quotes=('"""', "'''", '"', "'"),
        long_quotes=('"""', "'''"),
        blocks="indent",
        opener=(
            r"^\s*(?:(?:async\s+)?(?:def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b"
            r"|[)\]}]).*:"
        ),
        docstrings="inside",
        docstring_lines=('"""', "", '"""'),
        decoration="@",
    ),
    _JAVASCRIPT,
    replace(
        _JAVASCRIPT,
        name="javascriptreact",
        title="JSX",
        ids=("javascriptreact", "jsx", "javascript.jsx"),
        extensions=(".jsx",),
        query="javascript",
    ),
    _TYPESCRIPT,
    replace(
        _TYPESCRIPT,
        name="typescriptreact",
        title="TSX",
        ids=("typescriptreact", "tsx", "typescript.tsx"),
        extensions=(".tsx",),
        grammar="tree_sitter_typescript:language_tsx",
        query="typescript",
    ),
    Language(
        "go",
        "Go",
        ("go",),
        (".go",),
        "tree_sitter_go:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=_SCRIPT_QUOTES,
        long_quotes=("`",),
        docstring_lines=("", "// ", ""),
    ),
    Language(
        "rust",
        "Rust",
        ("rust",),
        (".rs",),
        "tree_sitter_rust:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        # A lifetime's apostrophe opens no string: only the tree knows character literals.
        quotes=('"',),
        long_quotes=('"',),
        opener=r"\{|=>",
        docstring_lines=("", "/// ", ""),
        decoration="#[",
    ),
    Language(
        "java",
        "Java",
        ("java",),
        (".java",),
        "tree_sitter_java:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=_TRIPLE,
        long_quotes=('"""',),
        opener=r"\{|->",
        docstring_lines=_JAVADOC,
        decoration="@",
    ),
    _C,
    replace(
        _C,
        name="cpp",
        title="C++",
        ids=("cpp", "c++"),
        extensions=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".tpp", ".c++", ".h++"),
        grammar="tree_sitter_cpp:language",
    ),
    Language(
        "csharp",
        "C#",
        ("csharp", "cs", "c-sharp"),
        (".cs", ".csx"),
        "tree_sitter_c_sharp:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=_TRIPLE,
        long_quotes=('"""',),
        opener=r"\{|=>",
        docstring_lines=("/// <summary>", "/// ", "/// </summary>"),
        decoration="[",
    ),
    Language(
        "ruby",
        "Ruby",
        ("ruby",),
        (".rb", ".rake", ".gemspec", ".ru"),
        "tree_sitter_ruby:language",
        filenames=("gemfile", "rakefile"),
        line_comment="#",
        long_quotes=('"', "'"),
        blocks="keyword",
        opener=(
            r"\bdo(?:\s*\|[^|]*\|)?|\b(?:then|else|ensure|begin)|\{(?:\s*\|[^|]*\|)?"
            r"|^\s*(?:def|class|module|if|unless|while|until|case|for|when|in|elsif|rescue)\b.*"
        ),
        docstring_lines=("", "# ", ""),
    ),
    Language(
        "php",
        "PHP",
        ("php",),
        (".php", ".phtml"),
        "tree_sitter_php:language_php",
        line_comment="//",
        block_comment=_C_COMMENT,
        long_quotes=('"', "'"),
        opener=r"\{|=>",
        docstring_lines=_JAVADOC,
        decoration="#[",
    ),
    Language(
        "kotlin",
        "Kotlin",
        ("kotlin",),
        (".kt", ".kts"),
        "tree_sitter_kotlin:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=_TRIPLE,
        long_quotes=('"""',),
        opener=r"\{|->",
        docstring_lines=_JAVADOC,
        decoration="@",
    ),
    Language(
        "swift",
        "Swift",
        ("swift",),
        (".swift",),
        "tree_sitter_swift:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=('"""', '"'),
        long_quotes=('"""',),
        opener=r"\{(?:\s*[\w(][^{}]*\bin)?",
        docstring_lines=("", "/// ", ""),
        decoration="@",
    ),
    Language(
        "scala",
        "Scala",
        ("scala",),
        (".scala", ".sc", ".sbt"),
        "tree_sitter_scala:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=('"""', '"'),
        long_quotes=('"""',),
        opener=r"\{(?:\s*[\w(][^{}]*=>)?|=>|=|:|\bthen|\bdo|\belse",
        docstring_lines=_JAVADOC,
        decoration="@",
    ),
    Language(
        "lua",
        "Lua",
        ("lua",),
        (".lua",),
        "tree_sitter_lua:language",
        line_comment="--",
        block_comment=("--[[", "]]"),
        blocks="keyword",
        opener=r"\b(?:do|then|else|repeat)|\bfunction\b[^()]*\([^()]*\)|\{",
        docstring_lines=("", "--- ", ""),
    ),
    Language(
        "bash",
        "Bash",
        ("shellscript", "bash", "sh", "zsh"),
        (".sh", ".bash", ".zsh", ".ksh"),
        "tree_sitter_bash:language",
        filenames=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
        line_comment="#",
        long_quotes=('"', "'"),
        blocks="keyword",
        opener=r"\b(?:do|then|else)|\bin|\{",
        docstring_lines=("", "# ", ""),
    ),
    Language(
        "sql",
        "SQL",
        ("sql",),
        (".sql",),
        "tree_sitter_sql:language",
        keyword_kind="keyword_",
        line_comment="--",
        block_comment=_C_COMMENT,
        long_quotes=('"', "'"),
        blocks="keyword",
        opener=r"(?i:\b(?:begin|then|else|loop|as|declare))|\(",
        docstring_lines=("", "-- ", ""),
    ),
    Language(
        "html",
        "HTML",
        ("html", "xhtml"),
        (".html", ".htm", ".xhtml"),
        "tree_sitter_html:language",
        block_comment=("<!--", "-->"),
        # In running text an apostrophe opens nothing: only the tree knows attribute values.
        quotes=(),
        blocks="keyword",
        opener=r"<[A-Za-z][^<>]*(?<!/)>",
        docstrings="none",
    ),
    Language(
        "css",
        "CSS",
        ("css",),
        (".css",),
        "tree_sitter_css:language",
        block_comment=_C_COMMENT,
        docstrings="none",
    ),
    Language(
        "json",
        "JSON",
        ("json", "jsonc", "json5"),
        (".json", ".jsonc", ".geojson", ".webmanifest", ".ipynb"),
        "tree_sitter_json:language",
        line_comment="//",
        block_comment=_C_COMMENT,
        quotes=('"',),
        opener=r"\{|\[",
        docstrings="none",
    ),
    Language(
        "yaml",
        "YAML",
        ("yaml", "dockercompose", "github-actions-workflow"),
        (".yaml", ".yml"),
        "tree_sitter_yaml:language",
        line_comment="#",
        # Plain scalars hold apostrophes and quotes: only the tree knows strings.
        quotes=(),
        blocks="indent",
        opener=r":|(?:^|\s)-",
        # 0.7.2 crashes from about 250 levels of indentation on: its scanner's buffer is full.
        unsafe=r"^[ \t]{120}|^(?:(?>[^-?\n]|[-?](?![ \t]))*+[-?][ \t]){60}",
        docstrings="none",
    ),
    Language(
        "toml",
        "TOML",
        ("toml",),
        (".toml",),
        "tree_sitter_toml:language",
        filenames=("cargo.lock", "poetry.lock", "uv.lock"),
        line_comment="#",
        quotes=('"""', "'''", '"', "'"),
        long_quotes=('"""', "'''"),
        blocks="none",
        opener=r"\[|\{",
        docstrings="none",
    ),
    Language(
        "markdown",
        "Markdown",
        ("markdown",),
        (".md", ".markdown", ".mdown"),
        "tree_sitter_markdown:language",
        block_comment=("<!--", "-->"),
        quotes=(),
        blocks="none",
        opener=r"(?!)",
        docstrings="none",
    ),
)
