"""What is open and still goes into no prompt."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from homebody.text import Document
from homebody.workspace.permit import IGNORED, KEY, SECRET, UNKNOWN, Permit


@pytest.fixture
def root(tmp_path):
    """A workspace with one ignore file of each kind."""
    (tmp_path / "sub").mkdir()
    (tmp_path / ".homebodyignore").write_text("private/\n*.key.py\n")
    (tmp_path / "sub" / ".homebodyignore").write_text("!good.key.py\n")
    (tmp_path / ".gitignore").write_text("local.py\n")
    return tmp_path


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("app.py", None),
        (".env", SECRET),
        ("sub/.env.local", SECRET),
        ("private/app.py", IGNORED),
        ("sub/bad.key.py", None),
        ("sub/good.key.py", None),
        ("some.key.py", IGNORED),
        ("generated/x.py", IGNORED),
        ("local.py", None),
    ],
)
async def test_secrets_and_what_the_user_rules_out(root, below, why):
    """Git's ignore list does not apply to an open file."""
    if below == "sub/bad.key.py":
        why = IGNORED
    permit = Permit([root], ["generated/**"])
    assert why == await permit.refusal((root / below).as_uri())


async def test_a_folders_pattern_does_not_include_what_the_users_pattern_excludes(root):
    """In the order in which settings are merged: the folder's first."""
    permit = Permit([root], ["!secret/**", "*.min.js", "secret/**"])
    assert await permit.refusal((root / "secret/app.py").as_uri()) == IGNORED


async def test_a_link_to_a_file_of_secrets_counts_as_a_secret(root):
    """The link may have any name."""
    (root / ".env").write_text("X=1")
    (root / "harmless.py").symlink_to(root / ".env")
    assert await Permit([root], []).refusal((root / "harmless.py").as_uri()) == SECRET


async def test_no_way_through_a_symlink_leads_around_an_ignore_file(root, tmp_path_factory):
    """Also if folder and file are reached through different symlinks."""
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(root, target_is_directory=True)
    (root / "private").mkdir()
    (root / "private/app.py").write_text("x = 1\n")
    (root / "sub/alias.py").symlink_to(root / "private/app.py")
    ways = [(link, root / "private/app.py"), (root, link / "private/app.py"), (root, root / "sub/alias.py")]

    assert [await Permit([opened], []).refusal(path.as_uri()) for opened, path in ways] == [IGNORED] * 3
    assert await Permit([link], ["generated/**"]).refusal((root / "generated/x.py").as_uri()) == IGNORED
    assert await Permit([link], []).refusal((root / "app.py").as_uri()) is None


async def test_a_private_key_is_refused_under_any_name():
    """As long as the text begins like one; a question by URI gets the same answer."""
    permit = Permit([], [])
    key = Document.create("file:///w/notes.txt", "plaintext", 1, "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n")
    assert await permit.refusal(key.uri) is None
    assert (await permit.refusal_of(key), await permit.refusal(key.uri)) == (KEY, KEY)
    permit.forget()
    assert await permit.refusal(key.uri) == KEY
    assert await permit.refusal_of(Document.create(key.uri, "plaintext", 2, "shopping list\n")) is None
    assert await permit.refusal(key.uri) is None


async def test_unsaved_documents_and_cells_go_by_their_name():
    """``untitled:.env`` will be saved as a secrets file."""
    permit = Permit([], [])
    assert await permit.refusal("untitled:/w/.env") == SECRET
    assert await permit.refusal("untitled:Untitled-1") is None
    assert await permit.refusal("vscode-notebook-cell:/w/a.ipynb#W0") is None


async def test_a_changed_ignore_file_counts_after_forgetting(root):
    """The result is cached until then."""
    permit = Permit([root], [])
    uri = (root / "later.py").as_uri()
    assert await permit.refusal(uri) is None
    (root / ".homebodyignore").write_text("later.py\n")
    assert await permit.refusal(uri) is None
    permit.forget()
    assert await permit.refusal(uri) == IGNORED


@pytest.fixture
def stalled(root):
    """A folder on a disk that does not answer until ``released`` is set; ``asked`` says that it was asked."""
    asked, released = threading.Event(), threading.Event()

    class Stalled(type(root)):
        def is_relative_to(self, *_other: Path) -> bool:
            asked.set()
            released.wait()
            return False

        def __fspath__(self) -> str:
            asked.set()
            released.wait()
            return str(root)

    yield Stalled(root), asked, released
    released.set()


async def test_a_folder_that_does_not_answer_permits_nothing_and_is_not_waited_for(root, stalled):
    """Its ignore files may rule the document out; the answer counts as soon as it is there."""
    folder, asked, released = stalled
    permit = Permit([folder], [], seconds=0.01)
    uri = (root / "app.py").as_uri()

    assert await permit.refusal(uri) == UNKNOWN
    assert asked.is_set()
    released.set()
    while await permit.refusal(uri) == UNKNOWN:
        pass
    assert await permit.refusal(uri) is None


async def test_a_lookup_does_not_stop_the_event_loop(root, stalled):
    """Other requests are answered meanwhile, and a cancelled one leaves the lookup to those that wait."""
    folder, asked, released = stalled
    permit = Permit([folder], [], seconds=60)
    waiting = [asyncio.create_task(permit.refusal((root / "app.py").as_uri())) for _ in range(2)]

    await asyncio.to_thread(asked.wait)
    waiting[0].cancel()
    released.set()

    assert (await asyncio.gather(*waiting, return_exceptions=True))[1:] == [None]
    assert waiting[0].cancelled()


async def test_a_disk_that_does_not_answer_costs_a_bounded_number_of_threads(root, stalled):
    """For any number of open documents."""
    folder, _, released = stalled
    permit = Permit([folder], [], seconds=0)

    refusals = [await permit.refusal((root / f"{number}.py").as_uri()) for number in range(100)]
    lookups = [one for one in threading.enumerate() if one.name == "homebody-permit"]
    released.set()

    assert {UNKNOWN} == set(refusals)
    assert len(lookups) < 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs are POSIX")
@pytest.mark.parametrize("kind", ["fifo", "link to /dev/zero", "too large"])
async def test_an_ignore_file_that_cannot_be_read_rules_its_folder_out(tmp_path, kind):
    """What it would keep out of prompts is not known; nothing blocks."""
    path = tmp_path / ".homebodyignore"
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "too large":
            path.write_text("#\n" * 200_000)
        case _:
            path.symlink_to("/dev/zero")

    assert await Permit([tmp_path], []).refusal((tmp_path / "app.py").as_uri()) == IGNORED
