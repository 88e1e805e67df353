"""Which model suits a use."""

from typing import Any

import pytest

from homebody.backend.choose import Candidate, choose, choose_any, name_tells_chat, name_tells_fim


def candidate(model: str, **more: Any) -> Candidate:
    """A model that does all, unless told otherwise."""
    facts = {"loaded": False, "fim": True, "chat": True, "size": 1_000} | more
    return Candidate(kind="ollama", url="http://127.0.0.1:11434", server="Ollama", model=model, **facts)


def test_a_loaded_model_comes_before_a_larger_one_that_is_not():
    """What is in memory answers at once."""
    assert choose([candidate("big", size=9_000), candidate("here", loaded=True)], "chat") == candidate(
        "here", loaded=True
    )


def test_each_use_takes_what_is_made_for_it():
    """FIM for completion, instructions for the rest."""
    coder, talker = candidate("coder", chat=False), candidate("talker", fim=False)

    assert choose([coder, talker], "completion") == coder
    assert choose([coder, talker], "chat") == talker


def test_nothing_suitable_is_nothing():
    """A model for another use is no second best here: our own follows."""
    assert choose([candidate("talker", fim=False)], "completion") is None


def test_the_largest_that_fits_is_taken():
    """What is not loaded has to fit the memory; what is loaded did."""
    models = [candidate("small", size=1), candidate("middle", size=5), candidate("large", size=9)]

    assert choose(models, "chat", most_bytes=6) == models[1]
    assert choose([candidate("huge", size=99, loaded=True)], "chat", most_bytes=6) is not None


@pytest.mark.parametrize("choice", [choose, choose_any])
def test_a_model_that_runs_elsewhere_is_never_chosen(choice: Any):
    """However good it is, and even if there is no other."""
    away = candidate("best:cloud", loaded=True, remote_host="https://ollama.com")

    assert choice([away], "chat") is None


def test_a_server_that_the_user_named_answers_with_what_it_has():
    """Suitable and loaded first, then suitable, then any."""
    loaded, suited = candidate("talker", fim=False, loaded=True), candidate("coder")

    assert choose_any([loaded, suited], "completion") == suited
    assert choose_any([loaded], "completion") == loaded
    assert choose_any([], "completion") is None


@pytest.mark.parametrize(
    ("name", "fim", "chat"),
    [
        ("qwen2.5-coder:1.5b", True, False),
        ("qwen2.5-coder-7b-instruct", True, True),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", True, True),
        ("starcoder2:3b", True, False),
        ("codellama:13b-code", True, False),
        ("deepseek-coder-v2:16b", True, False),
        ("codestral:22b", True, False),
        ("granite-3.1-8b-instruct", False, True),
        ("gemma-3-270m-it-qat", False, True),
        ("llama3:8b", False, True),
        ("Meta-Llama-3.1-8B", False, False),
        ("nomic-embed-text", False, False),
    ],
)
def test_names_tell_what_servers_do_not(name: str, fim: bool, chat: bool):  # noqa: FBT001 - parameters
    """By family for FIM, by suffix for instructions."""
    assert (name_tells_fim(name), name_tells_chat(name)) == (fim, chat)
