"""How much may be read ahead while the user types."""

from homebody.session.allowance import TYPING_WINDOW_TOKENS, ReadingAllowance


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
