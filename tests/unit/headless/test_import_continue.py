"""Import of Continue's configuration: supported settings, unsupported ones, and models on other machines."""

import tomllib
from pathlib import Path

import pytest

from homebody.errors import FileUnreadable, SettingsError, UsageError
from homebody.headless.import_continue import convert, merged, read_config
from homebody.prompt.front_matter import parse

CASE = Path(__file__).parents[2] / "cases" / "continue" / "config.yaml"


def test_models_that_run_here_become_settings():
    """One for completion and one for the rest, with address, length, key variable and sampling."""
    imported = convert(read_config(CASE))

    assert imported.settings == {
        "completion.backend.kind": "llama.cpp",
        "completion.backend.url": "http://localhost:8012",
        "completion.backend.api_key_env": "LLAMA_KEY",
        "completion.debounce_ms": 150,
        "chat.backend.kind": "ollama",
        "chat.backend.model": "qwen2.5-coder:7b",
        "chat.backend.context_length": 16384,
        "chat.temperature": 0.3,
        "chat.max_tokens": 2048,
        "chat.instructions": "Be brief. Use type annotations.",
    }


def test_what_leaves_the_machine_is_refused():
    """It is recognised by its provider or address; its key is not copied."""
    imported = convert(read_config(CASE))

    assert [sentence.partition(" ")[0] for sentence in imported.refused] == ["Far", "Claude"]
    assert "gpu.example.org is not this machine" in imported.refused[0]
    assert "sk-secret" not in repr(imported)


def test_settings_without_a_counterpart_are_reported():
    """One sentence for each setting."""
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
    """It parses as a prompt file of Homebody, and its dollar signs are kept as text."""
    prompts = convert(read_config(CASE)).prompts
    prompt = parse("find-bugs", prompts["find-bugs"], "user")

    assert list(prompts) == ["find-bugs"]
    assert (prompt.title, prompt.output) == ("Look for bugs", "explain")
    assert "A price of $$5 stays." in prompt.body
    assert "{{" not in prompt.body


def test_the_older_configuration_is_read_as_well():
    """It is JSON, with a separate entry for completion."""
    text = """{"models": [{"title": "Chat", "provider": "lmstudio", "model": "qwen"}],
        "tabAutocompleteModel": {"title": "Tab", "provider": "ollama", "model": "starcoder2:3b"}}"""
    settings = convert(text).settings

    assert settings["completion.backend.model"] == "starcoder2:3b"
    assert settings["chat.backend.kind"] == "lm-studio"


def test_the_options_of_the_older_configuration_are_read():
    """Sampling, debounce, one line or many, the system message, and commands as prompt files."""
    text = """{
        "models": [{"title": "Chat", "provider": "ollama", "model": "llama3.1:8b",
                    "completionOptions": {"temperature": 0.2, "topP": 0.9, "maxTokens": 1024},
                    "requestOptions": {"headers": {"X-Team": "blue"}}}],
        "tabAutocompleteModel": {"provider": "ollama", "model": "starcoder2:3b"},
        "tabAutocompleteOptions": {"debounceDelay": 500, "multilineCompletions": "never",
                                   "disableInFiles": ["*.md"], "maxPromptTokens": 1024},
        "customCommands": [{"name": "test", "prompt": "{{{ input }}} Write tests.", "description": "Tests"}],
        "systemMessage": "You are\\nterse."}"""
    imported = convert(text)

    assert imported.settings == {
        "completion.backend.kind": "ollama",
        "completion.backend.model": "starcoder2:3b",
        "completion.debounce_ms": 500,
        "completion.multiline": "never",
        "chat.backend.kind": "ollama",
        "chat.backend.model": "llama3.1:8b",
        "chat.temperature": 0.2,
        "chat.max_tokens": 1024,
        "chat.instructions": "You are terse.",
    }
    assert list(imported.prompts) == ["test"]
    assert [note.split("`")[1] for note in imported.notes] == [
        "maxPromptTokens",
        "disableInFiles",
        "requestOptions",
    ]


def test_the_users_file_is_kept():
    """Its comments and values stay; differences are reported."""
    before = '# mine\n[chat]\ntemperature = 0.1\n\n[completion.backend]\nkind = "ollama" # quick\n'
    settings = {"chat.temperature": 0.3, "chat.max_tokens": 20, "completion.backend.kind": "ollama"}
    after, notes = merged(before, settings, "config.toml")

    assert tomllib.loads(after) == {
        "chat": {"temperature": 0.1, "max_tokens": 20},
        "completion": {"backend": {"kind": "ollama"}},
    }
    assert "# mine" in after
    assert "# quick" in after
    assert notes == ["`chat.temperature` stays as config.toml has it; Continue has 0.3."]


@pytest.mark.parametrize(
    "text", ["- a\n- b\n", "models: 7\n", "a: [", "x: &a [*a]\nmodels: {}\n", "[" * 5000]
)
def test_a_file_without_a_configuration_is_refused_in_one_sentence(text: str):
    """For any other kind of file."""
    with pytest.raises(UsageError, match="not a configuration of Continue"):
        convert(text)


def test_a_settings_file_that_is_no_toml_is_not_touched():
    """Nor a file in which a section's name has a value."""
    with pytest.raises(SettingsError, match="no valid TOML"):
        merged("a = [", {"chat.max_tokens": 1}, "config.toml")
    with pytest.raises(SettingsError, match="correct it first"):
        merged("chat = 1", {"chat.max_tokens": 1}, "config.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    """The message also has the next step."""
    with pytest.raises(FileUnreadable, match="name Continue's"):
        read_config(tmp_path / "config.yaml")
