"""The debounce follows the typing and the model."""

from homebody.session.keystrokes import TYPING_WINDOW_TOKENS, ReadingAllowance, Rhythm


def _typed(rhythm: Rhythm, interval: float, keys: int = 30) -> Rhythm:
    for n in range(keys):
        rhythm.key(n * interval)
    return rhythm


def test_a_fast_model_is_asked_at_once():
    """The answer begins before the next key, so there is no debounce."""
    rhythm = _typed(Rhythm(), 0.2)
    for _ in range(20):
        rhythm.answered(0.05)
    assert rhythm.debounce() == 0.0


def test_a_slow_model_is_asked_about_one_key_later():
    """The delay is at most a quarter of a second."""
    rhythm = _typed(Rhythm(), 0.15)
    for _ in range(20):
        rhythm.answered(2.0)
    assert 0.1 <= rhythm.debounce() <= 0.25


def test_pauses_do_not_count_into_the_rhythm():
    """They do not make the debounce longer."""
    rhythm = _typed(Rhythm(), 0.1)
    for _ in range(20):
        rhythm.answered(2.0)
    before = rhythm.debounce()
    rhythm.key(1000.0)
    assert before == rhythm.debounce()


def test_there_is_enough_for_one_window_at_the_start():
    """The first place of a session gets its wide window at once."""
    assert ReadingAllowance().tokens == TYPING_WINDOW_TOKENS


def test_keys_add_no_more_than_one_window():
    """An hour at one place does not allow wide windows for several short visits."""
    allowance = ReadingAllowance()
    for _ in range(10_000):
        allowance.key()
    assert allowance.tokens == TYPING_WINDOW_TOKENS


def test_two_windows_cost_less_than_four_tokens_per_typed_token():
    """With the one at the start; a typed token is about three keys, and requests evaluate two for it."""
    allowance = ReadingAllowance()
    keys, windows = 0, 0
    while windows < 2:
        if allowance.tokens >= TYPING_WINDOW_TOKENS:
            allowance.spend(TYPING_WINDOW_TOKENS)
            windows += 1
        else:
            allowance.key()
            keys += 1
    assert 3.5 < windows * TYPING_WINDOW_TOKENS / (keys / 3) < 4
