"""Extracts a server's error message and fits it into one sentence. Pure.

In: the body of an error, or untrusted text. Out: one printable line of bounded length.
"""

import msgspec

_WORDS = 300


class _Wordy(msgspec.Struct):
    """Fields with the reason: ``error.message`` (OpenAI, llama.cpp), ``error`` (Ollama), ``detail``."""

    error: object = None
    message: object = None
    detail: object = None


class _Message(msgspec.Struct):
    message: str


def words_of(content: bytes) -> str:
    """Return the server's message from the body of an error."""
    try:
        found = msgspec.json.decode(content, type=_Wordy)
        reason = found.error or found.message or found.detail or ""
        if not isinstance(reason, str):
            try:
                reason = msgspec.convert(reason, _Message).message
            except msgspec.ValidationError:
                reason = msgspec.json.encode(reason).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        reason = content.decode(errors="replace")
    return clean(reason) or "no reason given"


def clean(words: str) -> str:
    """Convert untrusted text to one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _WORDS else line[:_WORDS] + "…"
