"""Estimated token counts: on the high side, and corrected by real ones."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.tokens import TokenEstimate, frame_tokens

CODE = '''
    def _accept(self, connection: socket.socket, *, limit: int = 4096) -> bytes:
        """Read until the peer closes its side."""
        while (chunk := connection.recv(limit)) and self._total <= MAX_BYTES:
            self._chunks.append(chunk)
        return b"".join(self._chunks)
'''


def test_an_estimate_of_code_is_high():
    """Byte-pair vocabularies take about three characters a token for code; the estimate is above that."""
    assert TokenEstimate().count(CODE) > len(CODE) / 3


def test_an_estimate_follows_what_the_server_counted_and_stays_above():
    """After a prompt whose count is known, the estimate is near it, on the high side."""
    estimate = TokenEstimate()
    actual = len(CODE) // 3
    estimate.learn(CODE, actual)

    assert actual <= estimate.count(CODE) <= actual * 1.2


def test_short_prompts_teach_nothing():
    """A count of five tokens does not predict a long prompt's."""
    estimate = TokenEstimate()
    before = estimate.count(CODE)
    estimate.learn("x = 1", 1)

    assert estimate.count(CODE) == before


@given(st.text(), st.text())
def test_more_text_is_never_estimated_lower(first: str, second: str):
    """A longer prompt does not seem to fit where a shorter one did not."""
    estimate = TokenEstimate()

    assert estimate.count(first + second) + 2 >= estimate.count(first)


def test_markers_count_as_one_and_frames_by_their_words():
    """A FIM marker is one token; a chat frame is a few."""
    assert frame_tokens("<|fim_prefix|>") == 1
    assert frame_tokens("[SUFFIX]") == 1
    assert frame_tokens("<|im_start|>user\n") >= 3
