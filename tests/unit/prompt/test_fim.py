"""The table of fill-in-the-middle formats, and prompts laid out by it."""

import pytest

from homebody.backend.base import FimTokens, Marker, ModelInfo, Text
from homebody.prompt.fim import PromptSnippet, fim_prompt, find_format, formats, prefix_prompt

ROWS = {row.family: row for row in formats()}


def _info(name: str = "m", fim: FimTokens | None = None, **more) -> ModelInfo:
    return ModelInfo(kind="ollama", name=name, context_length=4096, fim=fim, **more)


@pytest.mark.parametrize("row", formats(), ids=lambda row: row.family)
def test_every_marker_ends_an_answer(row):
    """A model that writes a marker has left the middle."""
    assert set(row.markers) <= set(row.stop)


@pytest.mark.parametrize("row", formats(), ids=lambda row: row.family)
def test_every_row_has_prefix_suffix_typed_and_a_source(row):
    """What is typed stands last, so that a key only adds to the prompt's end."""
    assert row.layout[-1] == "@typed"
    assert {"@prefix", "@suffix"} <= set(row.layout)
    assert row.source
    assert row.title


@pytest.mark.parametrize("row", formats(), ids=lambda row: row.family)
def test_snippets_come_with_a_header_for_the_last_file(row):
    """Repository-level layouts name the file that is being completed."""
    assert bool(row.snippet) == bool(row.last) == ("@snippets" in row.layout)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("qwen2.5-coder:1.5b-base", "qwen"),
        ("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf", "qwen"),
        ("starcoder2:3b", "starcoder2"),
        ("starcoder:1b", "granite"),
        ("granite-code:8b", "granite"),
        ("codellama:7b-code", "codellama"),
        ("deepseek-coder-v2:16b", "deepseek"),
        ("codegemma:2b", "codegemma"),
        ("codestral:22b", "mistral"),
        ("JetBrains/Mellum-4b-base", "mellum"),
    ],
)
def test_a_name_tells_the_family(name, family):
    """Where the server shows no metadata."""
    found = find_format(_info(name))
    assert found is not None
    assert found.family == family


@pytest.mark.parametrize("name", ["qwen2.5:7b-instruct", "llama3.2:3b", "mistral:7b", "gemma3:4b", "phi4"])
def test_an_instruct_model_has_no_format(name):
    """Fill-in-the-middle is never guessed."""
    assert find_format(_info(name)) is None


def test_metadata_is_trusted_before_the_name():
    """The model's own markers decide, whatever it is called."""
    tokens = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", file_separator="<|file_sep|>")
    found = find_format(_info("starcoder2", tokens))
    assert found is not None
    assert found.family == "qwen"


def test_unknown_markers_of_the_metadata_make_a_format():
    """Prefix, suffix, middle, in that order."""
    found = find_format(_info("new-model", FimTokens("<P>", "<S>", "<M>")))
    assert found is not None
    assert found.layout == ("<P>", "@prefix", "<S>", "@suffix", "<M>", "@typed")
    assert {"<P>", "<S>", "<M>"} <= set(found.stop)


def test_a_name_is_no_proof_against_the_metadata():
    """llama.cpp's metadata was read and holds no such tokens."""
    plain = ModelInfo(
        kind="llama.cpp",
        name="qwen2.5-coder",
        context_length=4096,
        takes_token_ids=True,
        architecture="qwen2",
    )
    assert find_format(plain) is None


def test_what_is_typed_stands_after_the_middle_marker():
    """So that a key costs a token and not the suffix again."""
    prompt = fim_prompt(ROWS["qwen"], prefix="def f():\n", suffix="\n\nx", typed="    ret")
    assert prompt.parts == (
        Marker("<|fim_prefix|>"),
        Text("def f():\n"),
        Marker("<|fim_suffix|>"),
        Text("\n\nx"),
        Marker("<|fim_middle|>"),
        Text("    ret"),
    )


def test_a_suffix_first_model_gets_what_is_typed_at_the_prefix_end():
    """Codestral has no middle marker."""
    prompt = fim_prompt(ROWS["mistral"], prefix="a\n", suffix="\nb", typed="c")
    assert prompt.text == "[SUFFIX]\nb[PREFIX]a\nc"


def test_snippets_go_in_front_in_the_familys_layout():
    """Under the paths of their files, the current file's last."""
    snippets = [PromptSnippet("util.py", "def g(): ...\n")]
    prompt = fim_prompt(ROWS["qwen"], prefix="a", suffix="", typed="b", snippets=snippets, path="main.py")
    assert prompt.text == (
        "<|file_sep|>util.py\ndef g(): ...\n<|file_sep|>main.py\n<|fim_prefix|>a<|fim_suffix|><|fim_middle|>b"
    )


def test_a_users_text_is_never_a_marker():
    """A prompt about prompts stays text, part by part."""
    prompt = fim_prompt(ROWS["qwen"], prefix="<|fim_middle|>", suffix="<|endoftext|>", typed="<|im_start|>")
    texts = [part.text for part in prompt.parts if isinstance(part, Text)]
    assert texts == ["<|fim_middle|>", "<|endoftext|>", "<|im_start|>"]


def test_a_plain_prefix_has_snippets_under_comments():
    """For models without fill-in-the-middle."""
    prompt = prefix_prompt(
        prefix="a\n", typed="b", snippets=[PromptSnippet("u.js", "g()")], comment="//", path="m.js"
    )
    assert prompt.text == "// u.js\ng()\n\n// m.js\na\nb"
