"""Which slot of the server's prompt cache a prompt uses, and what is left to read."""

from homebody.backend.cached_prompts import CachedPrompts
from homebody.text import common_start

_A, _B, _C = ("a" * 100, "b" * 100, "c" * 100)


def cached(slots: int) -> CachedPrompts[str]:
    return CachedPrompts(slots, 0 if slots == 1 else "chat", common_start, len)


def test_prompts_of_several_places_keep_a_slot_each():
    prompts = cached(3)
    for text in (_A, _B, _C):
        prompts.put(prompts.place(text, "completion")[0], text)
    assert [prompts.place(text, "completion") for text in (_A, _B, _C)] == [(0, 100), (1, 100), (2, 100)]


def test_the_least_recently_used_slot_is_reused():
    prompts = cached(2)
    prompts.put(0, _A)
    prompts.put(1, _B)
    prompts.put(0, _A + "more")
    assert prompts.place(_C, "completion") == (1, 0)


def test_a_prompt_with_a_short_common_beginning_is_another_place():
    """Two files may begin alike; the first prompt must not be overwritten."""
    prompts = cached(2)
    prompts.put(0, "import os\n" + _A)
    assert prompts.place("import os\n" + _B, "completion") == (1, 0)


def test_a_slot_in_use_is_not_evicted_by_a_prompt_that_is_read_ahead():
    prompts = cached(2)
    prompts.put(0, _A)
    wider = _A[:60] + _B + _B
    assert prompts.place(wider, "completion") == (0, 60)
    assert prompts.place(wider, "completion", keep=0) == (1, 0)
    one = cached(1)
    one.put(0, _A)
    assert one.place(wider, "completion", keep=0) == (0, 60)
