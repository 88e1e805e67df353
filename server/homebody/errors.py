"""All errors that Homebody raises, one class for each cause.

The message of an error says in one sentence what happened and what to do next; its class has the exit
code of a command that ends with it.
Errors are raised ``from`` their cause and caught only at the edge (``lsp``, ``cli``, ``headless``).

    HomebodyError                 1
    ├── UsageError                2   the request itself is wrong
    │   ├── FileUnreadable            no such file, not UTF-8, too large, binary
    │   ├── MediaUnreadable           a picture that is damaged, too large, or of another format
    │   ├── MediaRefused              the model that answers does not take pictures
    │   ├── PositionOutOfRange        a line or column past the end
    │   ├── UnknownAction             no prompt file of that name
    │   ├── NothingSelected           the selection contains no file or symbol
    │   ├── Excluded                  the user's rules keep the text out of prompts
    │   ├── GitFailed                 git is missing, or its command failed
    │   └── NothingChanged            the repository has no such changes
    ├── SettingsError             2   a required setting without a usable default
    │   ├── SettingsBroken            the user's settings are wrong or cannot be read, so nothing is sent
    │   └── SettingsChanged           other settings apply since the request was sent
    ├── ModelError                3
    │   ├── NoModelInstalled          there are no weights
    │   ├── ModelNotFound         2   no weights have that name or path
    │   ├── ModelFileInvalid          truncated, foreign or damaged weights
    │   ├── ModelTooLarge             weights and context do not fit the memory
    │   └── ModelInstallFailed        download, checksum or disk
    ├── BackendError              3
    │   ├── BackendUnavailable        not running, stopped, or refused the connection
    │   │   ├── BackendLoading        running, still loading its model
    │   │   └── BackendFailed         running, but failed to answer (5xx, an incomplete answer)
    │   ├── BackendTimeout            no answer, or no next piece, in time
    │   ├── BackendRefused            a 4xx, with the server's own message
    │   │   └── ModelNotServed    2   the server does not have the chosen model
    │   │       └── ModelForbidden        … or only one that ``backend.allowedModels`` leaves out
    │   ├── BackendProtocolError      an answer that does not follow its API
    │   ├── NothingAnswered           an empty answer
    │   └── ConnectionForbidden       another machine that is not in ``backend.allowedHosts``
    ├── StateUnwritable           1   the state folder is full or not writable
    ├── ContextTooLong            1   even the smallest prompt does not fit
    ├── RunError                  1   a run over many files cannot continue
    │   ├── TreeBusy                  another run changes files in the same folder
    │   ├── JournalUnusable           the journal cannot be written or read
    │   └── VerifyFailed              the command of --verify does not start, or fails without a change
    └── EditRefused               1   the edit would damage the file
        └── DocumentChanged           the document changed in the meantime
"""

from typing import ClassVar


def sentence(message: str) -> str:
    """Return a message for a user: on one line, with its full stop."""
    line = " ".join(message.split())
    return line if not line or line.endswith((".", "?", "!")) else f"{line}."


class HomebodyError(Exception):
    """Base of all errors that Homebody raises on purpose."""

    exit_code: ClassVar[int] = 1
    fix: ClassVar[str] = ""
    """What an editor can offer to do about it: ``installModel``, or nothing."""


class UsageError(HomebodyError):
    """The request itself is wrong: a path, a position, an option."""

    exit_code: ClassVar[int] = 2


class FileUnreadable(UsageError):
    """A file that does not exist, is not UTF-8, is binary, or is too large."""


class MediaUnreadable(UsageError):
    """A picture that is damaged, too large, or of a format that is not read."""


class MediaRefused(UsageError):
    """The model that answers does not take pictures."""


class PositionOutOfRange(UsageError):
    """A line or a column past the end of the document."""


class UnknownAction(UsageError):
    """No prompt file of that name."""


class NothingSelected(UsageError):
    """The selection contains no file or symbol."""


class Excluded(UsageError):
    """Text of a source that is kept out of prompts was about to be sent.

    Attributes
    ----------
    uri
        The source; empty if it is not known.

    """

    def __init__(self, name: str, reason: str, uri: str = "") -> None:
        super().__init__(f"{name} is never put into a prompt: {reason}.")
        self.uri = uri


class GitFailed(UsageError):
    """Git is not installed, or its command failed; the message contains git's own."""


class NothingChanged(UsageError):
    """The repository has no staged, or no uncommitted changes."""


class SettingsError(HomebodyError):
    """A required setting is missing or wrong, and has no usable default."""

    exit_code: ClassVar[int] = 2


class SettingsBroken(SettingsError):
    """The user's settings are wrong or cannot be read: a rule may be missing, so nothing is sent."""


class SettingsChanged(SettingsError):
    """Other settings replaced those that the request started with."""


class ModelError(HomebodyError):
    """The weights cannot be used."""

    exit_code: ClassVar[int] = 3


class NoModelInstalled(ModelError):
    """There are no weights to answer with."""

    fix: ClassVar[str] = "installModel"


class ModelNotFound(ModelError):
    """No model on this machine has that name, or there is no file at that path."""

    exit_code: ClassVar[int] = 2


class ModelFileInvalid(ModelError):
    """Truncated, foreign or damaged weights."""


class ModelTooLarge(ModelError):
    """Weights and context do not fit the free memory."""


class ModelInstallFailed(ModelError):
    """The download, its checksum or the disk failed."""


class BackendError(HomebodyError):
    """The model server did not answer the request as expected."""

    exit_code: ClassVar[int] = 3


class BackendUnavailable(BackendError):
    """The server is not running, or the connection was lost during an answer."""


class BackendLoading(BackendUnavailable):
    """The server is running and still loading its model."""


class BackendFailed(BackendUnavailable):
    """The server is running and failed to answer: a 5xx, or an incomplete answer."""


class BackendTimeout(BackendError):
    """No answer, or no next piece, within the time limit."""


class BackendRefused(BackendError):
    """The server refused the request; the message contains the server's own."""


class ModelNotServed(BackendRefused):
    """The server does not have the model that was chosen."""

    exit_code: ClassVar[int] = 2


class ModelForbidden(ModelNotServed):
    """The settings do not allow the model that would answer."""


class BackendProtocolError(BackendError):
    """The server's answer does not follow its API."""


class NothingAnswered(BackendError):
    """The model returned an empty answer."""

    exit_code: ClassVar[int] = 1


class ConnectionForbidden(BackendError):
    """The address is not on this machine, and the user's settings do not allow it."""


class StateUnwritable(HomebodyError):
    """The state folder is full or not writable: no host can be shared, no conversation stored."""


class ContextTooLong(HomebodyError):
    """Even the smallest prompt exceeds the context length that is served."""


class RunError(HomebodyError):
    """A run over many files cannot start or continue."""


class TreeBusy(RunError):
    """Another run is changing files in the same folder."""


class JournalUnusable(RunError):
    """The journal of a run cannot be written or read, so no file is changed."""


class VerifyFailed(RunError):
    """The command of ``--verify`` cannot be started, or fails before any change."""

    exit_code: ClassVar[int] = 2


class EditRefused(HomebodyError):
    """The edit would damage the file; nothing was written."""


class DocumentChanged(EditRefused):
    """The document changed after the edit was requested."""
