"""Split text into the words by which similarity is measured.

In: code or prose. Out: lower-case words, with identifiers split into their words.
Pure. The result is stored: a change here requires a new ``store.SCHEMA``.
"""

import re

# HTTPServer, parse_utf8 and größeFinden: http server, parse utf 8, größe finden.
_WORD = re.compile(r"[A-Z]+(?![^\W\dA-Z_])|[A-Z]?[^\W\dA-Z_]+|\d+")

# Longer words are hashes and encoded data, which are useless for similarity.
_MAX_LETTERS = 32

# Keywords of the languages are in every chunk and carry no information. Single letters are dropped too.
_STOP = frozenset(
    """
    abstract and any as assert async await bool boolean break case catch char class const continue def
    default del delete do double dynamic elif else elseif elsif end ensure enum except export extends
    extern false final finally float fn for foreach from fun func function global goto if impl implements
    import in include inline instanceof int interface internal is lambda let local long loop match mod
    module mut namespace new nil none nonlocal not null object of operator or override package pass private
    protected pub public raise readonly rescue return self short sizeof static str string struct super
    switch template that the then this throw throws to trait true try type typedef typeof undefined union
    unless unsafe unsigned until use using val var void volatile when where while with yield
    """.split(),  # noqa: SIM905 - a list of a hundred quoted words would be hard to read
)


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order, repeated as often as they occur."""
    found = (word.lower() for word in _WORD.findall(text))
    return [word for word in found if 1 < len(word) <= _MAX_LETTERS and word not in _STOP]
