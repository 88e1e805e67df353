"""The debounce follows the typing and the model."""

from homebody.session.rhythm import Rhythm


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
