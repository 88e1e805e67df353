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


def test_eight_hundred_keys_pay_for_a_window():
    """With about three keys per token, that is less than four tokens read for each typed one."""
    allowance = ReadingAllowance()
    allowance.spend(TYPING_WINDOW_TOKENS)
    for _ in range(800):
        allowance.key()
    assert round(allowance.tokens) == TYPING_WINDOW_TOKENS
