"""The table of fill-in-the-middle formats, and prompts laid out by it."""

import pytest

from homebody.backend.base import Marker, ModelInfo, Text
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS
from homebody.prompt.fim import OtherFiles, PromptSnippet, completion_prompt, find_format, formats

ROWS = {row.family: row for row in formats()}
SNIPPETS = [
    PromptSnippet("src/util.py", "def g() -> float:\n    return 1.0"),
    PromptSnippet("src/pkg/__init__.py", "def h(): ...\n\n\n"),
]


def _info(name: str = "m", fim: FimTokens | None = None, **more) -> ModelInfo:
    return ModelInfo(kind="ollama", name=name, context_length=4096, fim=fim, **more)


@pytest.mark.parametrize("row", formats(), ids=lambda row: row.family)
def test_a_row_keeps_the_rules_of_the_table(row):
    assert row.layout[-1] == "@typed", "a keystroke only appends to the prompt"
    assert {"@prefix", "@suffix"} <= set(row.layout)
    assert row.source
    assert row.title
    assert bool(row.snippet) == bool(row.last) == ("@snippets" in row.layout)
    assert set(row.markers) <= set(row.stop), "a model that writes a marker has finished the middle"
    # Some servers take four stop texts: the end of the text or of the file comes before the layout's own.
    assert row.stop[0] not in row.layout
    assert row.stop[1] not in row.layout[:4] or len(row.stop) <= 5
    # LM Studio and servers of OpenAI's API get strings: the common list has to know every marker.
    used = {*row.markers, *row.repo, *row.snippet, *row.last, *row.head}
    assert {item for item in used if item in row.stop} <= COMMON_SPECIAL_TEXTS


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("qwen2.5-coder:1.5b-base", "qwen"),
        ("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf", "qwen"),
        ("starcoder2:3b", "starcoder2"),
        ("starcoder:1b", "granite"),
        ("granite-code:8b", "granite"),
        ("granite3.3:8b", "granite"),
        ("granite4:3b", "granite4"),
        ("codeqwen:7b", "granite"),
        ("bigcode/santacoder", "santacoder"),
        ("codellama:7b-code", "codellama"),
        ("deepseek-coder-v2:16b", "deepseek"),
        ("codegemma:2b", "codegemma"),
        ("codestral:22b", "mistral"),
        ("JetBrains/Mellum-4b-base", "mellum"),
    ],
)
def test_the_family_is_read_from_the_name(name, family):
    found = find_format(_info(name))
    assert found.family == family


def test_a_file_without_markers_overrides_the_name():
    """A model without the marker would read it as text."""
    assert find_format(ModelInfo(kind="embedded", name="qwen2.5-coder", context_length=4096)) is None


def test_typed_text_follows_the_middle_marker():
    prompt = completion_prompt(ROWS["qwen"], prefix="def f():\n", suffix="\n\nx", typed="    ret")
    assert prompt.parts == (
        Marker("<|fim_prefix|>"),
        Text("def f():\n"),
        Marker("<|fim_suffix|>"),
        Text("\n\nx"),
        Marker("<|fim_middle|>"),
        Text("    ret"),
    )


def test_a_users_text_is_never_a_marker():
    prompt = completion_prompt(
        ROWS["qwen"], prefix="<|fim_middle|>", suffix="<|endoftext|>", typed="<|im_start|>"
    )
    texts = [part.text for part in prompt.parts if isinstance(part, Text)]
    assert texts == ["<|fim_middle|>", "<|endoftext|>", "<|im_start|>"]


def test_a_plain_prefix_has_snippets_under_comments():
    files = OtherFiles([PromptSnippet("u.js", "g()")], "m.js", comment=("//", ""))
    prompt = completion_prompt(None, prefix="a\n", suffix="z", typed="b", files=files)
    assert prompt.text == "// u.js\ng()\n\n// m.js\na\nb"


@pytest.mark.parametrize("row", [*formats(), find_format(_info("m", FimTokens("<P>", "<S>", "<M>")))])
def test_every_family_sees_the_snippets(row):
    prompt = completion_prompt(
        row, prefix="a\n", suffix="\nz", typed="b", files=OtherFiles(SNIPPETS, "src/main.py")
    )
    for snippet in SNIPPETS:
        assert snippet.path in prompt.text
        assert snippet.text.rstrip() in prompt.text
    assert "src/main.py\n" in prompt.text
    more = completion_prompt(
        row, prefix="a\n", suffix="\nz", typed="bc", files=OtherFiles(SNIPPETS, "src/main.py")
    )
    assert more.text == prompt.text + "c"


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (
            "qwen",
            (
                "<|repo_name|>shop\n<|file_sep|>u.py\nu()\n<|file_sep|>main.py\n"
                "<|fim_prefix|>a<|fim_suffix|>z<|fim_middle|>b"
            ),
        ),
        # Section 5.1 of its paper: the document's path comes after the prefix marker.
        (
            "starcoder2",
            "<repo_name>shop<file_sep>u.py\nu()\n<file_sep><fim_prefix>main.py\na<fim_suffix>z<fim_middle>b",
        ),
    ],
)
def test_a_repository_is_laid_out_as_the_family_was_trained(family, expected):
    snippets = [PromptSnippet("u.py", "u()")]
    prompt = completion_prompt(
        ROWS[family], prefix="a", suffix="z", typed="b", files=OtherFiles(snippets, "main.py", "shop")
    )
    assert prompt.text == expected
    assert prompt.parts[0] == Marker(expected[: expected.index("shop")])


@pytest.mark.parametrize(
    ("markers", "architecture", "family"),
    [
        ("<fim_{}>", "granite", "granite"),
        ("<|fim_{}|>", "granite", "granite4"),
        ("<fim_{}>", "qwen2", "granite"),
        ("<fim-{}>", "starcoder", "santacoder"),
    ],
)
def test_the_family_follows_from_markers_and_architecture(markers, architecture, family):
    tokens = FimTokens(*(markers.format(part) for part in ("prefix", "suffix", "middle")))
    assert find_format(_info("m", tokens, architecture=architecture)) is ROWS[family]


def test_codestral_has_other_files_under_plain_lines():
    snippets = [PromptSnippet("util.py", "def g(): ...\n")]
    prompt = completion_prompt(
        ROWS["mistral"], prefix="a", suffix="z", typed="b", files=OtherFiles(snippets, "main.py")
    )
    assert prompt.text == "[SUFFIX]z[PREFIX]+++++ util.py\ndef g(): ...\n\n+++++ main.py\nab"
    assert "\n+++++ " in prompt.stop


@pytest.mark.parametrize(
    ("name", "architecture"), [("Qwen3-8B", "qwen3"), ("lfm2", "lfm2"), ("a-fine-tune", "qwen3")]
)
def test_markers_alone_are_no_proof(name, architecture):
    tokens = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    assert find_format(_info(name, tokens, architecture=architecture)) is None
