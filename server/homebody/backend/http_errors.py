"""Translates what a model server answers, or fails to answer, into the errors of this package."""

import httpx
import msgspec

from homebody.errors import (
    BackendError,
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ConnectionForbidden,
    ContextTooLong,
)


class StatusRefused(BackendRefused):
    """A refused request, with the HTTP status that backends check."""

    def __init__(self, message: str, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words

    @property
    def needs_key(self) -> bool:
        """Whether the server requires another key."""
        return self.status in _LOCKED


def refusal(url: str, status: int, words: str) -> BackendError | ContextTooLong:
    """Return the error for a response that is neither 200 nor a redirect, with the server's own message."""
    if status in _BUSY:
        if "load" in words.lower():
            return BackendLoading(f"The server at {url} is still loading its model ({words})")
        return BackendFailed(f"The server at {url} is unavailable: {words}")
    if status in _BROKEN:
        return BackendFailed(f"The server at {url} failed ({status}): {words}")
    if status == 400 and _tells_length(words):
        return _too_long(url, words)
    advice = "; check backend.apiKey" if status in _LOCKED else ""
    if status == 404:
        advice = "; if another kind of server is there, set backend.kind (--backend)"
    return StatusRefused(f"The server at {url} refused ({status}): {words}{advice}", status, words)


def failure(url: str, error: object) -> BackendError | ContextTooLong:
    """Return the error that a server reports within a stream."""
    reported = _reported(error)
    words = reported.words
    if reported.type == "exceed_context_size_error" or _tells_length(words):
        return _too_long(url, words)
    code = reported.code if isinstance(reported.code, int) else 500
    kind = BackendLoading if code == 503 else BackendRefused if 400 <= code < 500 else BackendFailed
    return kind(f"The server at {url} failed: {words}")


def _too_long(url: str, words: str) -> ContextTooLong:
    return ContextTooLong(
        f"The server at {url} says: {words}; nothing was cut; backend.contextLength limits prompts"
    )


def _tells_length(words: str) -> bool:
    """Whether a refusal is about the prompt's length: matches vLLM, SGLang, llama.cpp and LM Studio."""
    lower = words.lower()
    return "context" in lower and any(word in lower for word in ("length", "size", "window", "exceed"))


def redirected(url: str, location: str) -> ConnectionForbidden:
    """Return the error for a redirect."""
    return ConnectionForbidden(
        f"The server at {url} redirects to {clean(location)}; Homebody follows no redirects: "
        "set backend.url to the server's own address"
    )


def disobedient(url: str, what: str) -> BackendProtocolError:
    """Return the error for an answer that is not as the server's API describes."""
    return BackendProtocolError(f"The server at {url} does not follow its API: {what}")


def translate(url: str, error: httpx.HTTPError) -> BackendError:
    """Return the error for a failure of the connection."""
    what = clean(str(error)) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        why = "" if what == "All connection attempts failed" else f" ({what})"
        return BackendUnavailable(f"Nothing answers at {url}{why}: start the server, or correct backend.url")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.DecodingError):
        return disobedient(url, what)
    if isinstance(error, httpx.RemoteProtocolError) and "disconnect" not in what and "closed" not in what:
        return BackendProtocolError(f"The server at {url} does not speak HTTP: {what}")
    return BackendFailed(f"The server at {url} closed the connection during an answer ({what}): ask again")


def too_slow(url: str, what: str) -> BackendTimeout:
    """Return the error for a time limit."""
    return BackendTimeout(f"The server at {url} {what}; if it is that slow, raise backend.timeoutSeconds")


# 503 while loading or without a free slot; 500, 502 and 504 when the model's process broke.
_BUSY = frozenset({503})
_BROKEN = frozenset({500, 502, 504})
_LOCKED = frozenset({401, 403})
_LONGEST = 300
_MOST_READ = 64 * 1024
"""Bytes of a refusal that are looked at: 64 MiB would stop the event loop for five seconds."""


def words_of(content: bytes) -> str:
    """Return the server's message from the body of an error."""
    return _reported(content[:_MOST_READ].decode(errors="replace")).words


class _Reported(msgspec.Struct):
    """An error: ``error.message`` (OpenAI, llama.cpp), ``error`` (Ollama), ``detail``."""

    error: object = None
    message: object = None
    detail: object = None
    code: object = None
    type: object = None
    words: str = ""


def _reported(error: object) -> _Reported:
    """Read an error: a text, JSON in a text, or an object, which may be within another one."""
    text = error if isinstance(error, str) else ""
    try:
        decoded: object = msgspec.json.decode(text) if text else error
        reported = msgspec.convert(decoded, _Reported)
        if reported.error is not None:
            return _reported(reported.error)
        words = _text(reported.message or reported.detail or decoded)
    except (msgspec.DecodeError, RecursionError):
        reported, words = _Reported(), text
    reported.words = clean(words) or "no reason given"
    return reported


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def clean(words: str) -> str:
    """Convert untrusted text to one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
