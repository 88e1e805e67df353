"""The table of languages: everything that Homebody knows about each, one row for each language.

Data only: ``row`` defines the fields, ``language`` finds rows and loads grammars; what several rows share is
above the table. A new language is a row here, a query file in ``queries/``, its grammar's wheel in
``pyproject.toml`` and a case file in ``tests/cases/syntax``.
"""

import builtins
import re
from dataclasses import replace

from homebody.syntax import regions
from homebody.syntax.regions import Region
from homebody.syntax.row import DocStyle, Language

THREE_SLASHES = DocStyle("/// ")
HASH_DOC = DocStyle("# ", own=False)
BRACE = re.compile(r"\{$")
BRACE_OR_ARROW = re.compile(r"(?:\{|=>)$")
DIRECTIVE = re.compile(r"#\s*(?:if|ifn?def|elif|else|endif|define|undef|include|pragma|(?:end)?region)\b")

BRACES = Language(
    name="",
    regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE, regions.CHARACTER),
    blocks="braces",
    opener=re.compile(r"(?:\{|->)$"),
    continuation=re.compile(r"(?:else|catch|finally)\b"),
    doc=DocStyle(" * ", "/**", " */"),
)
"""Shared values of languages with braces; not a language by itself."""

JAVASCRIPT = replace(
    BRACES,
    name="javascript",
    reads_names=frozenset({"eval"}),
    tests="{stem}.test.js",
    framework="Jest (`expect(() => call()).toThrow()` for an error)",
    tests_begin='import {{ {name} }} from "./{stem}";',
    shown="JavaScript",
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
    shown="TypeScript",
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript:language_typescript",
)
C = replace(
    BRACES,
    name="c",
    extensions=(".c", ".h"),
    regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER),
    opener=BRACE,
    directive=DIRECTIVE,
)
HTML = Language(
    name="html",
    shown="HTML",
    aliases=("xhtml",),
    extensions=(".html", ".htm", ".xhtml"),
    # In running text an apostrophe opens nothing: only the tree knows attribute values.
    regions=(regions.MARKUP_COMMENT,),
    blocks="tags",
    opener=re.compile(
        r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)"
        r"[A-Za-z][\w:.-]*(?:[^<>]*[^<>/])?>$"
    ),
    # Brackets are those of scripts and styles.
    closer=re.compile(r"</|[)\]}]"),
    prose=True,
    data=True,
    unit="  ",
)
CSS = replace(
    BRACES,
    name="css",
    shown="CSS",
    extensions=(".css",),
    regions=(regions.SLASH_STAR, regions.DOUBLE, regions.SINGLE),
    opener=BRACE,
    data=True,
    unit="  ",
)

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        reads_names=frozenset({"eval", "exec", "locals", "vars"}),
        module_name="first",
        builtins=frozenset(dir(builtins))
        | {"__file__", "__path__", "__annotations__", "__class__", "__module__", "__qualname__", "__all__"}
        | {"reveal_type"},
        tests="test_{stem}.py",
        framework="pytest (`with pytest.raises(ValueError):` for an error)",
        tests_begin="from {module} import {name}",
        names_arguments=True,
        extensions=(".py", ".pyi", ".pyw"),
        regions=(regions.HASH, *regions.TRIPLES, regions.DOUBLE, regions.SINGLE),
        blocks="indentation",
        # A name alone before the colon is an annotation or a key, not a header.
        opener=re.compile(
            r"^(?!\s*(?!(?:try|else|finally)\s*:)[\w.]+\s*:$|.*\blambda\b[^:()]*:$).*:$", re.DOTALL
        ),
        continuation=re.compile(r"(?:elif|else|except|finally)\b"),
        braces_are_values=True,
        doc=DocStyle("", '"""', '"""', inside=True),
    ),
    JAVASCRIPT,
    replace(
        JAVASCRIPT,
        name="javascriptreact",
        tests="{stem}.test.jsx",
        shown="JSX",
        tag="jsx",
        aliases=("jsx", "javascript.jsx"),
        extensions=(".jsx",),
        query="javascript",
    ),
    TYPESCRIPT,
    replace(
        TYPESCRIPT,
        name="typescriptreact",
        tests="{stem}.test.tsx",
        shown="TSX",
        tag="tsx",
        aliases=("tsx", "typescript.tsx"),
        extensions=(".tsx",),
        grammar="tree_sitter_typescript:language_tsx",
        query="typescript",
    ),
    replace(
        BRACES,
        name="go",
        module_name="last",
        tests="{stem}_test.go",
        framework="Go's testing package",
        tests_begin='{package}\n\nimport "testing"',
        extensions=(".go",),
        regions=(*regions.C_COMMENTS, regions.DOUBLE, regions.CHARACTER, regions.RAW_BACKTICK),
        opener=BRACE,
        doc=DocStyle("// ", own=False),
        unit="\t",
    ),
    replace(
        BRACES,
        name="rust",
        tests="{stem}.rs",
        framework="#[test] functions in one module",
        tests_begin="#[cfg(test)]\nmod tests {{\n    use super::*;",
        extensions=(".rs",),
        regions=(*regions.C_COMMENTS, regions.LONG_DOUBLE, regions.CHARACTER),
        opener=BRACE_OR_ARROW,
        doc=THREE_SLASHES,
        string_names=re.compile(r"(?<=\{)[^\W\d]\w*(?=[:}])"),
    ),
    replace(
        BRACES,
        name="java",
        module_name="last",
        tests="{stem}Test.java",
        framework="JUnit 5 (`assertThrows` for an error)",
        tests_begin="{package}\n\nimport static org.junit.jupiter.api.Assertions.*;",
        extensions=(".java",),
    ),
    C,
    replace(
        C,
        name="cpp",
        shown="C++",
        aliases=("c++",),
        extensions=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".tpp", ".c++", ".h++"),
    ),
    replace(
        BRACES,
        name="csharp",
        tests="{stem}Tests.cs",
        framework="xUnit",
        names_arguments=True,
        shown="C#",
        aliases=("cs", "c-sharp"),
        extensions=(".cs", ".csx"),
        grammar="tree_sitter_c_sharp:language",
        regions=(
            *regions.C_COMMENTS,
            regions.TRIPLE_DOUBLE,
            Region('@"', '"', multiline=True, skip=""),
            regions.DOUBLE,
            regions.CHARACTER,
        ),
        opener=BRACE_OR_ARROW,
        directive=DIRECTIVE,
        doc=replace(THREE_SLASHES, around=("<summary>", "</summary>")),
    ),
    Language(
        name="ruby",
        reads_names=frozenset({"eval", "binding", "instance_eval", "local_variables"}),
        tests="{stem}_test.rb",
        framework="Minitest",
        tests_begin='require "minitest/autorun"\nrequire_relative "{stem}"',
        names_arguments=True,
        extensions=(".rb", ".rake", ".gemspec", ".ru"),
        filenames=("gemfile", "rakefile"),
        regions=(regions.WORD_HASH, regions.DOUBLE, regions.SINGLE),
        blocks="words",
        opener=re.compile(
            r"^\s*(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when|in|rescue|ensure)\b"
            r"(?!.*\bend$)|(?:\bdo|\{)(?:\s*\|[^|]*\|)?$|\b(?:then|else|ensure|begin)$"
        ),
        closer=re.compile(r"[)\]}]|end\b"),
        continuation=re.compile(r"(?:else|elsif|when|in|rescue|ensure)\b"),
        doc=HASH_DOC,
        unit="  ",
    ),
    replace(
        BRACES,
        name="php",
        reads_names=frozenset({"eval", "extract", "get_defined_vars"}),
        tests="{stem}Test.php",
        framework="PHPUnit",
        tests_begin="<?php\n\nuse PHPUnit\\Framework\\TestCase;",
        names_arguments=True,
        shown="PHP",
        extensions=(".php", ".phtml"),
        grammar="tree_sitter_php:language_php",
        regions=(*regions.C_COMMENTS, regions.to_line_end("#", r"#(?!\[)"), regions.DOUBLE, regions.SINGLE),
        opener=BRACE_OR_ARROW,
        string_names=re.compile(r"\$[^\W\d]\w*"),
    ),
    replace(
        BRACES,
        name="kotlin",
        module_name="last",
        tests="{stem}Test.kt",
        framework="kotlin.test",
        names_arguments=True,
        extensions=(".kt", ".kts"),
        string_names=re.compile(r"(?<=\$)[^\W\d]\w*"),
    ),
    replace(
        BRACES,
        name="swift",
        tests="{stem}Tests.swift",
        framework="XCTest",
        names_arguments=True,
        extensions=(".swift",),
        regions=(*regions.C_COMMENTS, regions.TRIPLE_DOUBLE, regions.DOUBLE),
        opener=re.compile(r"\{(?:\s*[\w(][^{}]*\bin)?$"),
        doc=THREE_SLASHES,
    ),
    replace(
        BRACES,
        name="scala",
        tests="{stem}Test.scala",
        framework="ScalaTest",
        names_arguments=True,
        extensions=(".scala", ".sc", ".sbt"),
        opener=re.compile(r"(?:\{(?:\s*[\w(][^{}]*=>)?|=>|=|:|\bthen|\bdo|\belse)$"),
        unit="  ",
    ),
    Language(
        name="lua",
        extensions=(".lua",),
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
        moves_imports=False,
        aliases=("shellscript", "sh", "zsh"),
        extensions=(".sh", ".bash", ".zsh", ".ksh"),
        filenames=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
        regions=(regions.WORD_HASH, regions.LONG_DOUBLE, Region("'", "'", multiline=True, skip="")),
        blocks="words",
        opener=re.compile(r"(?:\b(?:then|do|else|in)|\{)$"),
        closer=re.compile(r"[)\]}]|(?:fi|done|esac)\b|;;"),
        continuation=re.compile(r"(?:else|elif)\b"),
        unpaired=")",
        doc=HASH_DOC,
        unit="  ",
    ),
    Language(
        name="sql",
        shown="SQL",
        extensions=(".sql",),
        regions=(regions.DASHES, regions.SLASH_STAR, regions.RAW_SINGLE, regions.DOUBLE),
        opener=re.compile(r"(?i:\b(?:begin|then|else|loop|as|declare))$|\($"),
        doc=DocStyle("-- ", own=False),
    ),
    HTML,
    CSS,
    Language(
        name="json",
        shown="JSON",
        aliases=("jsonc", "json5"),
        extensions=(".json", ".jsonc", ".geojson", ".webmanifest", ".ipynb"),
        regions=(*regions.C_COMMENTS, regions.DOUBLE),
        braces_are_values=True,
        data=True,
        unit="  ",
    ),
    Language(
        name="yaml",
        shown="YAML",
        aliases=("dockercompose", "github-actions-workflow"),
        extensions=(".yaml", ".yml"),
        regions=(regions.WORD_HASH, regions.DOUBLE, Region(r"(?<![^\s\[{,])'", "'", skip="")),
        blocks="indentation",
        opener=re.compile(r"(?:(?:^|\s|\w|[\"'])(?::|[|>][+-]?)|(?:^|\s)-)$"),
        item=re.compile(r"-(?:\s|$)"),
        braces_are_values=True,
        data=True,
        doc=HASH_DOC,
        unit="  ",
        # 0.7.2 crashes from about 250 levels of indentation on: its scanner's buffer is full.
        unsafe=r"^[ \t]{120}|^(?:(?>[^-?\n]|[-?](?![ \t]))*+[-?][ \t]){60}",
    ),
    Language(
        name="toml",
        shown="TOML",
        extensions=(".toml",),
        filenames=("cargo.lock", "poetry.lock", "uv.lock"),
        regions=(regions.HASH, *regions.TRIPLES, regions.DOUBLE, regions.RAW_SINGLE),
        braces_are_values=True,
        data=True,
        doc=HASH_DOC,
    ),
    Language(
        name="markdown",
        extensions=(".md", ".markdown", ".mdown"),
        regions=(regions.MARKUP_COMMENT,),
        opener=re.compile(r"(?!)"),
        prose=True,
        data=True,
    ),
    # Without a grammar: lines and indentation are used instead of a tree.
    replace(
        JAVASCRIPT,
        name="dart",
        tests="",
        extensions=(),
        grammar="",
        doc=THREE_SLASHES,
    ),
    replace(
        C,
        name="objective-c",
        shown="Objective-C",
        aliases=("objective-cpp", "cuda-cpp"),
        extensions=(),
        grammar="",
    ),
    replace(
        CSS,
        name="scss",
        shown="SCSS",
        aliases=("less",),
        extensions=(),
        grammar="",
        regions=(regions.SLASH_STAR, regions.to_line_end("//", r"(?<!:)//"), regions.DOUBLE, regions.SINGLE),
    ),
    replace(HTML, name="xml", shown="XML", aliases=("vue", "svelte"), extensions=(), grammar=""),
    Language(
        name="makefile",
        grammar="",
        regions=(regions.HASH,),
        blocks="indentation",
        opener=re.compile(r"^[^\t=]*:[^=]*$"),
        prose=True,
        doc=HASH_DOC,
        unit="\t",
    ),
    Language(
        name="dockerfile",
        grammar="",
        regions=(regions.HASH, regions.DOUBLE),
        doc=HASH_DOC,
    ),
    Language(
        name="plaintext",
        grammar="",
        shown="Plain text",
        tag="text",
        aliases=("latex", "restructuredtext", "git-commit"),
        prose=True,
    ),
)
