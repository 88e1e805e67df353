"""Text to words."""

import pytest

from homebody.workspace.store import words


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("parseHTTPHeader", "parse http header"),
        ("parse_http_header", "parse http header"),
        ("MAX_RETRY_COUNT = 10", "max retry count 10"),
        ("utf8Decode2x", "utf decode"),
        ("def total(self, order): return order.sum()", "total order order sum"),
        ("größeAendern наибольший_общий", "größe aendern наибольший общий"),
        ("XMLHttpRequest", "xml http request"),
        ("", ""),
        ("x + y * 3", ""),
        ("b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9".replace("9", "a"), None),
    ],
)
def test_identifiers_are_split_where_a_reader_would_split_them(text, expect):
    if expect is None:
        assert all(len(word) <= 32 for word in words(text))
    else:
        assert expect.split() == words(text)
