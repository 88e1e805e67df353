"""Which slot of the server's prompt cache a prompt uses, and what is left to read."""

from homebody.session.cached_prompts import CachedPrompts

_A, _B, _C = ("a" * 100, "b" * 100, "c" * 100)


def test_a_server_with_one_slot_keeps_the_last_prompt():
    """Any other prompt replaces it."""
    prompts = CachedPrompts()
    prompts.put(0, _A)
    assert prompts.best(_A + "x").shared(_A + "x") == 100
    assert prompts.best(_B).slot == 0
    prompts.put(0, _B)
    assert prompts.best(_A).shared(_A) == 0


def test_prompts_of_several_places_keep_a_slot_each():
    """Returning to a place reuses what was read."""
    prompts = CachedPrompts(3)
    for text in (_A, _B, _C):
        prompts.put(prompts.best(text).slot, text)
    assert len({prompts.best(text).slot for text in (_A, _B, _C)}) == 3
    assert [prompts.best(text).shared(text) for text in (_A, _B, _C)] == [100, 100, 100]


def test_the_least_recently_used_slot_is_reused():
    """A place that was used since stays."""
    prompts = CachedPrompts(2)
    prompts.put(0, _A)
    prompts.put(1, _B)
    prompts.put(0, _A + "more")
    assert prompts.best(_C).slot == 1


def test_a_released_slot_is_reused_first():
    """What it holds is no longer needed; the newest one holds what replaced it, and stays."""
    prompts = CachedPrompts(3)
    for slot, text in enumerate((_A, _B, _C)):
        prompts.put(slot, text)
    prompts.release(_B)
    assert prompts.best("other").slot == 1
    prompts.release(_C)
    assert prompts.best("other").slot == 1


def test_a_prompt_with_a_short_common_beginning_is_another_place():
    """Two files may begin alike; the first prompt must not be overwritten."""
    prompts = CachedPrompts(2)
    prompts.put(0, "import os\n" + _A)
    assert prompts.best("import os\n" + _B).slot == 1


def test_the_number_of_slots_follows_the_server():
    """The remaining slots keep their prompts."""
    prompts = CachedPrompts(1)
    prompts.put(0, _A)
    prompts.resize(3)
    assert prompts.best(_B).slot != 0
    prompts.put(2, _B)
    prompts.resize(2)
    assert [one.text for one in prompts if one.text] == [_A]


def test_a_server_that_drops_prompts_is_taken_to_keep_fewer():
    """After the second prompt that it had to read again; a restart of the server does not count."""
    prompts = CachedPrompts(8)
    prompts.lost(newer=0)
    prompts.lost(newer=3)
    prompts.resize(8)
    assert len(prompts) == 8
    prompts.lost(newer=2)
    prompts.resize(8)
    assert len(prompts) == 2


def test_slots_are_ordered_by_their_last_use():
    """The number of slots that were used after one."""
    prompts = CachedPrompts(3)
    for slot in (1, 0, 2):
        prompts.put(slot, _A)
    assert [prompts.newer_than(slot) for slot in (0, 1, 2)] == [1, 2, 0]
