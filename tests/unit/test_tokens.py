"""Token counts: exact for counted lines, otherwise estimated on the high side and corrected by real ones."""

from homebody.tokens import TokenCounts, TokenEstimate, frame_tokens

CODE = '''
    def _accept(self, connection: socket.socket, *, limit: int = 4096) -> bytes:
        """Read until the peer closes its side."""
        while (chunk := connection.recv(limit)) and self._total <= MAX_BYTES:
            self._chunks.append(chunk)
        return b"".join(self._chunks)
'''


def test_an_estimate_follows_what_the_server_counted_and_stays_above():
    estimated = TokenEstimate()
    actual = len(CODE) // 3
    estimated.learn(CODE, actual)
    assert actual <= estimated.count(CODE) <= actual * 1.2


def test_markers_count_as_one_and_frames_by_their_words():
    assert frame_tokens("<|fim_prefix|>") == 1
    assert frame_tokens("[SUFFIX]") == 1
    assert frame_tokens("<|im_start|>user\n") >= 3


def test_a_higher_count_corrects_the_estimate_at_once():
    """A prompt must not exceed the estimate twice."""
    counts = TokenCounts()
    text = "value = compute(argument)\n" * 20
    guessed = counts.count(text)
    counts.estimate.learn(text, guessed * 2)
    assert counts.count(text) >= guessed * 2
