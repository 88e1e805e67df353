"""Import of Continue's configuration: supported settings, unsupported ones, and models on other machines."""

from pathlib import Path

import pytest

from homebody.errors import UsageError
from homebody.headless.import_continue import convert, read_config
from homebody.prompt.front_matter import parse

CASE = Path(__file__).parents[2] / "cases" / "continue" / "config.yaml"


def test_models_that_run_here_become_settings():
    imported = convert(read_config(CASE))

    assert imported.settings == {
        "completion.backend.kind": "llama.cpp",
        "completion.backend.url": "http://localhost:8012",
        "completion.backend.api_key_env": "LLAMA_KEY",
        "chat.backend.kind": "ollama",
        "chat.backend.model": "qwen2.5-coder:7b",
        "chat.backend.context_length": 16384,
        "chat.temperature": 0.3,
        "chat.max_tokens": 2048,
        "chat.instructions": "Be brief. Use type annotations.",
    }


def test_what_leaves_the_machine_is_refused():
    imported = convert(read_config(CASE))
    assert [note.partition(" is")[0] for note in imported.notes[:2]] == ["Far", "Claude"]
    assert "gpu.example.org is not this machine" in imported.notes[0]
    assert "sk-secret" not in repr(imported)


def test_a_value_that_homebody_does_not_take_is_left_out():
    """In the user's file it would stop all prompts."""
    imported = convert(
        "models: [{provider: ollama, roles: [chat], apiBase: 'http://me:s3cret@127.0.0.1:1', model: m, "
        "defaultCompletionOptions: {maxTokens: 100000, temperature: 0.1}}]\n"
        "rules: [Be brief, Use pathlib]\n"
    )
    assert imported.settings == {
        "chat.backend.kind": "ollama",
        "chat.backend.model": "m",
        "chat.temperature": 0.1,
        "chat.instructions": "Be brief. Use pathlib.",
    }
    address, tokens = imported.notes
    assert address.startswith('Not imported: `chat.backend.url` cannot be "http://***@127.0.0.1:1";')
    assert tokens.startswith("Not imported: `chat.max_tokens` cannot be 100000;")


def test_settings_without_a_counterpart_are_reported():
    text = "\n".join(convert(read_config(CASE)).notes)

    for words in (
        "Second is not imported",
        "rule Python applied",
        "someone/rules",
        "`context`",
        "`mcpServers`",
    ):
        assert words in text


def test_a_prompt_becomes_a_prompt_file():
    prompts = convert(read_config(CASE)).prompts
    prompt = parse("find-bugs", prompts["find-bugs"], "user")
    assert list(prompts) == ["find-bugs"]
    assert (prompt.title, prompt.output) == ("Look for bugs", "explain")
    assert "A price of $$5 stays." in prompt.body
    assert "{{" not in prompt.body


@pytest.mark.parametrize(
    "text", ["- a\n- b\n", "models: 7\n", "a: [", "x: &a [*a]\nmodels: {}\n", "[" * 5000]
)
def test_a_file_without_a_configuration_is_refused_in_one_sentence(text: str):
    with pytest.raises(UsageError, match="not a configuration of Continue"):
        convert(text)
