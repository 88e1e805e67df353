"""Read one file as a document, or raise an error with the reason.

The text is unchanged, with its byte order mark and line ends.
"""

import stat
from pathlib import Path

from homebody.errors import FileUnreadable
from homebody.regular_file import FileTooLarge, read_regular
from homebody.syntax.language import find_by_text
from homebody.text import Document
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import uri_of


def read_document(path: Path, *, max_bytes: int) -> Document:
    """Return the file at ``path``, version 0.

    ``max_bytes`` is ``context.maxFileBytes``.

    Raises
    ------
    FileUnreadable
        The file does not exist, is not permitted, larger than ``max_bytes``, binary, not UTF-8, or on the
        list of secrets. The message is for the user.

    """
    try:
        if is_secret(path) or is_secret(path.resolve()):
            message = f"{path} is on the list of files that hold secrets: it is never put into a prompt."
            raise FileUnreadable(message)
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            message = f"{path} is a folder: name a file in it."
            raise FileUnreadable(message)
        if not stat.S_ISREG(facts.st_mode):
            message = f"{path} is not a regular file: save its content to a file first."
            raise FileUnreadable(message)
        data = read_regular(path, max_bytes=max_bytes)
    except FileTooLarge as error:
        message = (
            f"{path} is larger than {max_bytes} bytes, the limit for files that are read: "
            "raise context.maxFileBytes to read it."
        )
        raise FileUnreadable(message) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"{path} does not exist: check the path."
        raise FileUnreadable(message) from error
    except (OSError, RuntimeError, ValueError) as error:  # a symlink loop; a NUL in the path
        reason = getattr(error, "strerror", None) or error
        message = f"{path} cannot be read ({reason}): check its permissions."
        raise FileUnreadable(message) from error
    text = decoded(data, str(path))
    language = find_by_text(path.name, text)
    return Document.create(uri_of(path), language.ids[0] if language else "plaintext", 0, text)


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file that may go into a prompt; messages call it ``name``.

    Raises
    ------
    FileUnreadable
        It is binary or not UTF-8, or it holds a private key.

    """
    if b"\0" in data:
        message = f"{name} is a binary file: Homebody reads only text."
        raise FileUnreadable(message)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8 (line {line}): convert it first."
        raise FileUnreadable(message) from error
    if holds_private_key(text):
        message = f"{name} holds a private key: it is never put into a prompt."
        raise FileUnreadable(message)
    return text
