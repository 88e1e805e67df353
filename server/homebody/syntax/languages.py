"""The table of languages: everything that Homebody knows of each, one row a language.

Data only: ``row`` says what a row holds, ``language`` finds rows and loads grammars. A new language is a
row here, a query file in ``queries/``, its grammar's wheel in ``pyproject.toml`` and a case file in
``tests/cases/syntax``.
"""

import re
from dataclasses import replace

from homebody.syntax import regions
from homebody.syntax.regions import Region
from homebody.syntax.row import DocStyle, Language

_STARS = DocStyle(" * ", "/**", " */")
_THREE_SLASHES = DocStyle("/// ")
_HASH_DOC = DocStyle("# ", own=False)

_BRACE = re.compile(r"\{$")
_BRACE_OR_ARROW = re.compile(r"(?:\{|=>)$")
_BRACE_OR_THIN_ARROW = re.compile(r"(?:\{|->)$")
_DIRECTIVE = re.compile(
    r"#\s*(?:if|ifdef|ifndef|elif|else|endif|define|undef|include|pragma|region|endregion)\b"
)
_VOID_TAGS = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"

_JAVA = Language(
    name="java",
    title="Java",
    ids=("java",),
    extensions=(".java",),
    grammar="tree_sitter_java:language",
    regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE, regions.CHARACTER),
    blocks="braces",
    opener=_BRACE_OR_THIN_ARROW,
    continuation=re.compile(r"(?:else|catch|finally)\b"),
    doc=_STARS,
    decoration="@",
)
_JAVASCRIPT = replace(
    _JAVA,
    name="javascript",
    title="JavaScript",
    ids=("javascript",),
    extensions=(".js", ".mjs", ".cjs"),
    grammar="tree_sitter_javascript:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.SINGLE, regions.BACKTICK, regions.PATTERN),
    opener=_BRACE_OR_ARROW,
    markup_inside=True,
    unit="  ",
)
_TYPESCRIPT = replace(
    _JAVASCRIPT,
    name="typescript",
    title="TypeScript",
    ids=("typescript",),
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript:language_typescript",
)
_C = replace(
    _JAVA,
    name="c",
    title="C",
    ids=("c",),
    extensions=(".c", ".h"),
    grammar="tree_sitter_c:language",
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER),
    opener=_BRACE,
    directive=_DIRECTIVE,
    decoration="",
)
_HTML = Language(
    name="html",
    title="HTML",
    ids=("html", "xhtml"),
    extensions=(".html", ".htm", ".xhtml"),
    grammar="tree_sitter_html:language",
    # In running text an apostrophe opens nothing: only the tree knows attribute values.
    regions=(regions.MARKUP_COMMENT,),
    blocks="tags",
    opener=re.compile(rf"<(?!(?:{_VOID_TAGS})\b)[A-Za-z][\w:.-]*(?:[^<>]*[^<>/])?>$"),
    closer=re.compile(r"</"),
    prose=True,
    data=True,
    unit="  ",
)
_CSS = replace(
    _JAVA,
    name="css",
    title="CSS",
    ids=("css",),
    extensions=(".css",),
    grammar="tree_sitter_css:language",
    regions=(regions.SLASH_STAR, regions.DOUBLE, regions.SINGLE),
    opener=_BRACE,
    data=True,
    decoration="",
    units=re.compile(r"(?:px|r?em|ch|ex|v[hw]|vmin|vmax|p[tc]|[cm]m|in|fr|deg|rad|turn|m?s|dpi|x)\b"),
    unit="  ",
)
_MARKDOWN = Language(
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

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        title="Python",
        ids=("python",),
        extensions=(".py", ".pyi", ".pyw"),
        grammar="tree_sitter_python:language",
        regions=(regions.HASH, regions.TRIPLE_DOUBLE, regions.TRIPLE_SINGLE, regions.DOUBLE, regions.SINGLE),
        blocks="indentation",
        # A name alone before the colon is an annotation or a key, not a header.
        opener=re.compile(
            r"^(?!\s*(?!(?:try|else|finally)\s*:)[\w.]+\s*:$|.*\blambda\b[^:()]*:$).*:$", re.DOTALL
        ),
        continuation=re.compile(r"(?:elif|else|except|finally)\b"),
        braces_are_values=True,
        doc=DocStyle("", '"""', '"""', inside=True),
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
    replace(
        _JAVA,
        name="go",
        title="Go",
        ids=("go",),
        extensions=(".go",),
        grammar="tree_sitter_go:language",
        regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER, regions.RAW_BACKTICK),
        opener=_BRACE,
        doc=DocStyle("// ", own=False),
        decoration="",
        unit="\t",
    ),
    replace(
        _JAVA,
        name="rust",
        title="Rust",
        ids=("rust",),
        extensions=(".rs",),
        grammar="tree_sitter_rust:language",
        regions=(*regions.C_COMMENTS, regions.LONG_DOUBLE, regions.CHARACTER),
        opener=_BRACE_OR_ARROW,
        doc=_THREE_SLASHES,
        decoration="#[",
    ),
    _JAVA,
    _C,
    replace(
        _C,
        name="cpp",
        title="C++",
        ids=("cpp", "c++"),
        extensions=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".tpp", ".c++", ".h++"),
        grammar="tree_sitter_cpp:language",
    ),
    replace(
        _JAVA,
        name="csharp",
        title="C#",
        ids=("csharp", "cs", "c-sharp"),
        extensions=(".cs", ".csx"),
        grammar="tree_sitter_c_sharp:language",
        regions=(
            *regions.C_COMMENTS,
            regions.TRIPLE_DOUBLE,
            Region('@"', '"', multiline=True, skip=""),
            regions.DOUBLE,
            regions.CHARACTER,
        ),
        opener=_BRACE_OR_ARROW,
        directive=_DIRECTIVE,
        doc=_THREE_SLASHES,
        decoration="[",
    ),
    Language(
        name="ruby",
        title="Ruby",
        ids=("ruby",),
        extensions=(".rb", ".rake", ".gemspec", ".ru"),
        filenames=("gemfile", "rakefile"),
        grammar="tree_sitter_ruby:language",
        regions=(regions.WORD_HASH, regions.DOUBLE, regions.SINGLE),
        blocks="words",
        opener=re.compile(
            r"^\s*(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when|in|rescue|ensure)\b"
            r"(?!.*\bend$)|(?:\bdo|\{)(?:\s*\|[^|]*\|)?$|\b(?:then|else|ensure|begin)$"
        ),
        closer=re.compile(r"[)\]}]|end\b"),
        continuation=re.compile(r"(?:else|elsif|when|in|rescue|ensure)\b"),
        doc=_HASH_DOC,
        unit="  ",
    ),
    replace(
        _JAVA,
        name="php",
        title="PHP",
        ids=("php",),
        extensions=(".php", ".phtml"),
        grammar="tree_sitter_php:language_php",
        regions=(*regions.C_COMMENTS, regions.to_line_end("#", r"#(?!\[)"), regions.DOUBLE, regions.SINGLE),
        opener=_BRACE_OR_ARROW,
        decoration="#[",
    ),
    replace(
        _JAVA,
        name="kotlin",
        title="Kotlin",
        ids=("kotlin",),
        extensions=(".kt", ".kts"),
        grammar="tree_sitter_kotlin:language",
    ),
    replace(
        _JAVA,
        name="swift",
        title="Swift",
        ids=("swift",),
        extensions=(".swift",),
        grammar="tree_sitter_swift:language",
        regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE),
        opener=re.compile(r"\{(?:\s*[\w(][^{}]*\bin)?$"),
        doc=_THREE_SLASHES,
    ),
    replace(
        _JAVA,
        name="scala",
        title="Scala",
        ids=("scala",),
        extensions=(".scala", ".sc", ".sbt"),
        grammar="tree_sitter_scala:language",
        opener=re.compile(r"(?:\{(?:\s*[\w(][^{}]*=>)?|=>|=|:|\bthen|\bdo|\belse)$"),
        unit="  ",
    ),
    Language(
        name="lua",
        title="Lua",
        ids=("lua",),
        extensions=(".lua",),
        grammar="tree_sitter_lua:language",
        regions=(regions.between("--[[", "]]"), regions.DASHES, regions.DOUBLE, regions.SINGLE),
        blocks="words",
        opener=re.compile(r"(?:\b(?:then|do|else|repeat)|\bfunction\b[^()]*\([^()]*\)|\{)$"),
        closer=re.compile(r"[)\]}]|(?:end|until)\b"),
        continuation=re.compile(r"(?:else|elseif)\b"),
        braces_are_values=True,
        doc=DocStyle("--- "),
        unit="  ",
    ),
    Language(
        name="bash",
        title="Bash",
        ids=("shellscript", "bash", "sh", "zsh"),
        extensions=(".sh", ".bash", ".zsh", ".ksh"),
        filenames=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
        grammar="tree_sitter_bash:language",
        regions=(regions.WORD_HASH, regions.LONG_DOUBLE, Region("'", "'", multiline=True, skip="")),
        blocks="words",
        opener=re.compile(r"(?:\b(?:then|do|else|in)|\{)$"),
        closer=re.compile(r"[)\]}]|(?:fi|done|esac)\b|;;"),
        continuation=re.compile(r"(?:else|elif)\b"),
        unpaired=")",
        doc=_HASH_DOC,
        unit="  ",
    ),
    Language(
        name="sql",
        title="SQL",
        ids=("sql",),
        extensions=(".sql",),
        grammar="tree_sitter_sql:language",
        regions=(regions.DASHES, regions.SLASH_STAR, regions.RAW_SINGLE, regions.DOUBLE),
        opener=re.compile(r"(?i:\b(?:begin|then|else|loop|as|declare))$|\($"),
        doc=DocStyle("-- ", own=False),
        keyword_kind="keyword_",
    ),
    _HTML,
    _CSS,
    Language(
        name="json",
        title="JSON",
        ids=("json", "jsonc", "json5"),
        extensions=(".json", ".jsonc", ".geojson", ".webmanifest", ".ipynb"),
        grammar="tree_sitter_json:language",
        regions=(*regions.C_COMMENTS, regions.DOUBLE),
        braces_are_values=True,
        data=True,
        unit="  ",
    ),
    Language(
        name="yaml",
        title="YAML",
        ids=("yaml", "dockercompose", "github-actions-workflow"),
        extensions=(".yaml", ".yml"),
        grammar="tree_sitter_yaml:language",
        regions=(regions.WORD_HASH, regions.DOUBLE, Region(r"(?<![^\s\[{,])'", "'", skip="")),
        blocks="indentation",
        opener=re.compile(r"(?:(?:^|\s|\w|[\"'])(?::|[|>][+-]?)|(?:^|\s)-)$"),
        braces_are_values=True,
        data=True,
        doc=_HASH_DOC,
        unit="  ",
        # 0.7.2 crashes from about 250 levels of indentation on: its scanner's buffer is full.
        unsafe=r"^[ \t]{120}|^(?:(?>[^-?\n]|[-?](?![ \t]))*+[-?][ \t]){60}",
    ),
    Language(
        name="toml",
        title="TOML",
        ids=("toml",),
        extensions=(".toml",),
        filenames=("cargo.lock", "poetry.lock", "uv.lock"),
        grammar="tree_sitter_toml:language",
        regions=(
            regions.HASH,
            regions.TRIPLE_DOUBLE,
            regions.TRIPLE_SINGLE,
            regions.DOUBLE,
            regions.RAW_SINGLE,
        ),
        braces_are_values=True,
        data=True,
        doc=_HASH_DOC,
    ),
    _MARKDOWN,
    # Without a grammar: lines and indentation take the tree's place.
    replace(
        _JAVASCRIPT, name="dart", title="Dart", ids=("dart",), extensions=(), grammar="", doc=_THREE_SLASHES
    ),
    replace(
        _C,
        name="objective-c",
        title="Objective-C",
        ids=("objective-c", "objective-cpp", "cuda-cpp"),
        extensions=(),
        grammar="",
    ),
    replace(
        _CSS,
        name="scss",
        title="SCSS",
        ids=("scss", "less"),
        extensions=(),
        grammar="",
        regions=(regions.SLASH_STAR, regions.to_line_end("//", r"(?<!:)//"), regions.DOUBLE, regions.SINGLE),
    ),
    replace(_HTML, name="xml", title="XML", ids=("xml", "vue", "svelte"), extensions=(), grammar=""),
    Language(
        name="makefile",
        title="Makefile",
        ids=("makefile",),
        regions=(regions.HASH,),
        blocks="indentation",
        opener=re.compile(r"^[^\t=]*:[^=]*$"),
        prose=True,
        doc=_HASH_DOC,
        unit="\t",
    ),
    Language(
        name="dockerfile",
        title="Dockerfile",
        ids=("dockerfile",),
        regions=(regions.HASH, regions.DOUBLE),
        doc=_HASH_DOC,
    ),
    Language(
        name="plaintext",
        title="Plain text",
        ids=("plaintext", "latex", "restructuredtext", "git-commit"),
        prose=True,
    ),
)
