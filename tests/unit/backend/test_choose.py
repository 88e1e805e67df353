"""Which model suits a use."""

from typing import Any

from homebody.backend.choose import AvailableModel, choose, choose_any


def candidate(model: str, **more: Any) -> AvailableModel:
    """A model for every use, unless given otherwise."""
    facts = {"loaded": False, "fim": True, "chat": True, "size": 1_000} | more
    return AvailableModel(kind="ollama", url="http://127.0.0.1:11434", server="Ollama", model=model, **facts)


def test_the_largest_model_that_fits_is_chosen():
    models = [candidate("small", size=1), candidate("middle", size=5), candidate("large", size=9)]
    assert choose(models, "chat", most_bytes=6) == models[1]
    assert choose([candidate("huge", size=99, loaded=True)], "chat", most_bytes=6) is not None


def test_a_server_that_the_user_named_answers_with_what_it_has():
    loaded, suited = candidate("talker", fim=False, loaded=True), candidate("coder")
    assert choose_any([loaded, suited], "completion") == suited
    assert choose_any([loaded], "completion") == loaded
    assert choose_any([], "completion") is None


SWEEP = "sweep-next-edit-1.5b.q8_0.v2.gguf"


def test_a_model_for_next_edits_is_chosen_for_them_alone():
    sweep, coder = candidate(SWEEP, loaded=True), candidate("coder")

    assert choose([coder, sweep], "next_edit") == sweep
    assert choose([coder], "next_edit") is None
    assert choose([coder, sweep], "completion") == coder
    assert choose([sweep], "completion") == sweep
    assert choose([sweep], "chat") is None
