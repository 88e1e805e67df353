"""What may be sent to a model, by the rules in force now."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from homebody.errors import Excluded
from homebody.settings import Settings
from homebody.settings.schema import ContextSettings
from homebody.text import Document
from homebody.workspace.gate import KEY, SECRET, UNKNOWN, UNPLACED, Gate
from homebody.workspace.ignore import BY_GIT, BY_OWN_FILE, BY_USER, UNREADABLE


def settings_with(*patterns: str) -> Settings:
    return Settings(context=ContextSettings(ignore=patterns))


def gate_of(*roots: Path, ignore: tuple[str, ...] = ()) -> Gate:
    return Gate(settings_with(*ignore), roots, seconds=60)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".homebodyignore").write_bytes(b"private/\n*.key.py\npr\xefvate/\n")
    (tmp_path / "sub" / ".homebodyignore").write_text("!good.key.py\n")
    (tmp_path / ".gitignore").write_text("local.py\n")
    return tmp_path


@pytest.mark.parametrize(
    ("below", "why"),
    [
        ("app.py", None),
        (".env", SECRET),
        ("sub/.env.local", SECRET),
        ("private/app.py", BY_OWN_FILE),
        ("sub/bad.key.py", BY_OWN_FILE),
        ("sub/good.key.py", None),
        ("some.key.py", BY_OWN_FILE),
        ("generated/x.py", BY_USER),
        ("local.py", BY_GIT),
    ],
)
async def test_secrets_and_what_the_rules_exclude(root, below, why):
    """Each kind of rule is named, so that the user knows where to look."""
    assert why == await gate_of(root, ignore=("generated/**",)).refusal((root / below).as_uri())


async def test_a_link_to_a_file_of_secrets_counts_as_a_secret(root):
    (root / ".env").write_text("X=1")
    (root / "harmless.py").symlink_to(root / ".env")
    assert await gate_of(root).refusal((root / "harmless.py").as_uri()) == SECRET


async def test_no_way_through_a_symlink_leads_around_an_ignore_file(root, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(root, target_is_directory=True)
    (root / "private").mkdir()
    (root / "private/app.py").write_text("x = 1\n")
    (root / "sub/alias.py").symlink_to(root / "private/app.py")
    ways = [(link, root / "private/app.py"), (root, link / "private/app.py"), (root, root / "sub/alias.py")]
    assert [await gate_of(opened).refusal(path.as_uri()) for opened, path in ways] == [BY_OWN_FILE] * 3
    assert await gate_of(link).refusal((root / "app.py").as_uri()) is None


async def test_a_link_in_an_excluded_folder_is_excluded_like_its_target(root):
    (root / "private").mkdir()
    (root / "shared.py").write_text("x = 1\n")
    (root / "private/hop").symlink_to(root / "shared.py")
    (root / "alias.py").symlink_to(root / "private/hop")
    (root / "loop.py").symlink_to(root / "loop.py")
    assert await gate_of(root).refusal((root / "alias.py").as_uri()) == BY_OWN_FILE
    assert await gate_of(root).refusal((root / "shared.py").as_uri()) is None
    assert await gate_of(root).refusal((root / "loop.py").as_uri()) == UNPLACED


async def test_a_private_key_is_refused_under_any_name():
    gate = gate_of()
    lines = "x = 1\n" * 400 + "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n"
    for text in ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", lines):
        key = Document.create("file:///w/notes.txt", "plaintext", 1, text)
        assert (await gate.refusal_of(key), await gate.refusal(key.uri)) == (KEY, KEY)
        assert await gate.refusal_of(Document.create(key.uri, "plaintext", 2, "shopping list\n")) is None
        assert await gate.refusal(key.uri) is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("file://{root}/private/a.py", BY_OWN_FILE),
        ("FILE://{root}/private/a.py", BY_OWN_FILE),
        ("file://localhost{root}/private/a.py", BY_OWN_FILE),
        ("file://{root}/app/../private/a.py", BY_OWN_FILE),
        ("file://{root}/%70rivate/a.py", BY_OWN_FILE),
        ("file://{root}/pr%EFvate/a.py", BY_OWN_FILE),
        ("file://{root}/pr%EEvate/a.py", None),
        ("file://{root}/a%23.key.py", BY_OWN_FILE),
        ("file://{root}/a#.key.py", BY_OWN_FILE),
        ("file://{root}/a?.key.py", BY_OWN_FILE),
        ("file://{root}/a?.key.py#L1-2", BY_OWN_FILE),
        ("file://{root}" + "/deep" * 3000, UNPLACED),
        ("vscode-notebook-cell:{root}/private/a.ipynb#W0sZmlsZQ%3D%3D", BY_OWN_FILE),
        ("vscode-notebook-cell://ssh-remote%2Bbox{root}/private/a.ipynb#W0", BY_OWN_FILE),
        ("vscode-notebook-cell:{root}/a.ipynb#W0", None),
        ("untitled:{root}/private/new.py", BY_OWN_FILE),
        ("untitled:{root}/.env", SECRET),
        ("untitled:.env", SECRET),
        ("untitled:Untitled-1", None),
        ("untitled:generated/x.py", BY_USER),
        ("git:{root}/private/a.py?%7B%22ref%22%3A%22HEAD%22%7D", BY_OWN_FILE),
        ("git:{root}/some.key.py.git?%7B%22ref%22%3A%22%22%7D", BY_OWN_FILE),
        ("homebody:pasted", None),
        ("file://server/share/a.py", UNPLACED),
        ("vscode-vfs://somewhere/a.py", UNPLACED),
        ("http://localhost/a.py", UNPLACED),
        ("file:///a%00b", UNPLACED),
        ("file://[", UNPLACED),
        ("file:///pri\nvate/a.py", UNPLACED),
        ("file:///\ud800", UNPLACED),
        ("", UNPLACED),
        ("{root}/a.py", UNPLACED),
    ],
)
async def test_what_a_uri_names_is_found_or_refused(root, uri, why):
    """Cells, unsaved documents and earlier versions belong to a file; what cannot be placed is not sent."""
    uri = uri.replace("{root}", str(root))
    assert why == await gate_of(root, ignore=("generated/**",)).refusal(uri)


async def test_a_list_that_is_written_over_with_its_time_kept_is_read_again(root):
    rules, gate = root / ".homebodyignore", gate_of(root)
    rules.write_text("first.py\n")
    os.utime(rules, (1, 1))
    assert await gate.refusal((root / "first.py").as_uri()) == BY_OWN_FILE
    rules.write_text("other.py\n")
    os.utime(rules, (1, 1))
    assert await gate.refusal((root / "other.py").as_uri()) == BY_OWN_FILE


async def test_a_prompt_passes_only_if_all_its_sources_are_known_and_allowed(root):
    gate, app = gate_of(root), (root / "app.py").as_uri()
    await gate.check([app], ["x = 1"])
    for sources, text, name in (
        ([app, (root / "private/a.py").as_uri()], "x", "a.py is never put into a prompt"),
        ([], "x", "Text without a source"),
        ([""], "x", "is never put into a prompt"),
        ([app], "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq", "private key"),
    ):
        with pytest.raises(Excluded, match=name):
            await gate.check(sources, [text])


@pytest.fixture
def stalled(root, monkeypatch):
    asked, released = threading.Event(), threading.Event()
    gate = Gate(Settings(), [root], seconds=0.01)

    def wait() -> bool:
        asked.set()
        released.wait()
        return False

    gate.watch = wait
    yield gate, asked, released
    released.set()


async def test_a_disk_that_does_not_answer_permits_nothing_and_is_not_waited_for(root, stalled):
    """Its ignore files may exclude the document; the next question is a new one."""
    gate, asked, released = stalled
    uri = (root / "app.py").as_uri()
    assert await gate.refusal(uri) == UNKNOWN
    await asyncio.to_thread(asked.wait)
    released.set()
    while (reason := await gate.refusal(uri)) == UNKNOWN:
        pass
    assert reason is None


async def test_a_lookup_does_not_stop_the_event_loop(root, stalled):
    gate, asked, released = stalled
    gate._seconds = 60
    waiting = [asyncio.create_task(gate.refusal((root / "app.py").as_uri())) for _ in range(2)]
    await asyncio.to_thread(asked.wait)
    waiting[0].cancel()
    released.set()
    assert (await asyncio.gather(*waiting, return_exceptions=True))[1:] == [None]
    assert waiting[0].cancelled()


async def test_a_disk_that_does_not_answer_costs_a_bounded_number_of_threads(root, stalled):
    gate, _, released = stalled
    gate._seconds = 0
    refusals = [await gate.refusal((root / f"{number}.py").as_uri()) for number in range(100)]
    count = sum(thread.name == "homebody-disk" for thread in threading.enumerate())
    released.set()
    assert {UNKNOWN} == set(refusals)
    assert 1 <= count <= 16


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs are POSIX")
@pytest.mark.parametrize("kind", ["fifo", "link to /dev/zero", "link to nothing", "too large"])
async def test_an_ignore_file_that_cannot_be_read_excludes_its_folder(tmp_path, kind):
    """What it would keep out of prompts is not known; nothing blocks."""
    path = tmp_path / ".homebodyignore"
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "too large":
            path.write_text("#\n" * 200_000)
        case "link to nothing":
            path.symlink_to(tmp_path / "nothing")
        case _:
            path.symlink_to("/dev/zero")

    assert await gate_of(tmp_path).refusal((tmp_path / "app.py").as_uri()) == UNREADABLE
