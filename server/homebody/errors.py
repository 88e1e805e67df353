"""Everything that can go wrong, one class a cause.

Each error says what happened and what to do next in one sentence, and knows the exit code of a
command that ends with it.
Raised ``from`` its cause, caught only at the edge (``lsp``, ``cli``, ``headless``).

    HomebodyError                 1
    ├── UsageError                2   the request itself is off
    │   ├── FileUnreadable            no such file, not UTF-8, too large, binary
    │   ├── PositionOutOfRange        a line or column past the end
    │   ├── UnknownAction             no prompt file of that name
    │   ├── NothingSelected           no file or symbol is left to work on
    │   └── GitFailed                 git is missing, or refused the question
    ├── SettingsError             2   a setting that no fallback can mend
    ├── ModelError                3
    │   ├── NoModelInstalled          nothing to answer with
    │   ├── ModelFileInvalid          truncated, foreign or damaged weights
    │   ├── ModelTooLarge             weights and context do not fit the memory
    │   └── ModelInstallFailed        download, checksum or disk
    ├── BackendError              3
    │   ├── BackendUnavailable        not running, gone, or refused the connection
    │   │   ├── BackendLoading        there, still loading its model
    │   │   └── BackendFailed         there, but it failed to answer (5xx, an answer that broke off)
    │   ├── BackendTimeout            no answer, or no next piece, in time
    │   ├── BackendRefused            a 4xx, with the server's own words
    │   ├── BackendProtocolError      an answer that is not what its API says
    │   ├── NothingAnswered           an answer without a word in it
    │   └── ConnectionForbidden       not this machine, and not in ``backend.allowedHosts``
    ├── StateUnwritable           1   the state folder is full, or may not be written
    ├── ContextTooLong            1   even the smallest prompt does not fit
    ├── RunError                  1   a run over many files cannot go on
    │   ├── TreeBusy                  another run changes files in the same folder
    │   ├── JournalUnusable           the journal cannot be written or read
    │   └── VerifyFailed              the command of --verify does not even start, or fails without a change
    └── EditRefused               1   the edit would harm the file
        └── DocumentChanged           the document moved on meanwhile
"""

from typing import ClassVar


class HomebodyError(Exception):
    """Base of all errors that Homebody raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(HomebodyError):
    """The request itself is off: a path, a position, an option."""

    exit_code: ClassVar[int] = 2


class FileUnreadable(UsageError):
    """A file that is not there, not UTF-8, binary, or larger than is served."""


class PositionOutOfRange(UsageError):
    """A line or a column past the end of the document."""


class UnknownAction(UsageError):
    """No prompt file of that name."""


class NothingSelected(UsageError):
    """No file or symbol is left to work on."""


class GitFailed(UsageError):
    """Git is not installed, or refused a question; its own words are in the message."""


class SettingsError(HomebodyError):
    """A setting without which nothing sensible can be done."""

    exit_code: ClassVar[int] = 2


class ModelError(HomebodyError):
    """The weights cannot be used."""

    exit_code: ClassVar[int] = 3


class NoModelInstalled(ModelError):
    """There are no weights to answer with."""


class ModelFileInvalid(ModelError):
    """Truncated, foreign or damaged weights."""


class ModelTooLarge(ModelError):
    """Weights and context do not fit the memory that is free."""


class ModelInstallFailed(ModelError):
    """The download, its checksum or the disk failed."""


class BackendError(HomebodyError):
    """The model server did not do what was asked."""

    exit_code: ClassVar[int] = 3


class BackendUnavailable(BackendError):
    """Nothing answers there, or it went away in the middle."""


class BackendLoading(BackendUnavailable):
    """The server is there and still loads its model."""


class BackendFailed(BackendUnavailable):
    """The server is there and failed to answer: a 5xx, or an answer that broke off."""


class BackendTimeout(BackendError):
    """No answer, or no next piece, within the time limit."""


class BackendRefused(BackendError):
    """The server refused the request; its own words are in the message."""


class BackendProtocolError(BackendError):
    """The server's answer is not what its API promises."""


class NothingAnswered(BackendError):
    """The model ended its answer before the first word."""

    exit_code: ClassVar[int] = 1


class ConnectionForbidden(BackendError):
    """The address is not on this machine and the user's settings do not allow it."""


class StateUnwritable(HomebodyError):
    """The state folder is full or may not be written, so no host can be shared."""


class ContextTooLong(HomebodyError):
    """Even the smallest prompt does not fit the context length that is served."""


class RunError(HomebodyError):
    """A run over many files cannot begin or go on."""


class TreeBusy(RunError):
    """Another run changes files in the same folder."""


class JournalUnusable(RunError):
    """The journal of a run cannot be written or read, so no file is changed."""


class VerifyFailed(RunError):
    """The command of ``--verify`` cannot be started, or fails before anything was changed."""

    exit_code: ClassVar[int] = 2


class EditRefused(HomebodyError):
    """The edit would harm the file; nothing was written."""


class DocumentChanged(EditRefused):
    """The document is no longer the one that the edit was made for."""
