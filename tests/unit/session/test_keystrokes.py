"""The debounce follows the typing and the model."""

from homebody.session.session import Rhythm


def _typed(rhythm: Rhythm, interval: float, keys: int = 30) -> Rhythm:
    for n in range(keys):
        rhythm.key(n * interval)
    return rhythm


def test_a_slow_model_is_asked_about_one_key_later():
    """The delay is at most a quarter of a second."""
    rhythm = _typed(Rhythm(), 0.15)
    for _ in range(20):
        rhythm.answered(2.0)
    assert 0.1 <= rhythm.debounce() <= 0.25
