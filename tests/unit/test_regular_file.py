"""Files that a workspace names are read only when they are regular files of bounded size."""

import os
import threading
from pathlib import Path

import pytest

from homebody.regular_file import FileRefused, read_in_time, read_regular

READERS = [read_regular, read_in_time]


@pytest.mark.parametrize("read", READERS)
def test_a_regular_file_is_returned_whole(tmp_path: Path, read):
    (tmp_path / "a").write_bytes(b"\r\n\xff" * 10)
    assert read(tmp_path / "a", max_bytes=30) == b"\r\n\xff" * 10


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "kind", ["fifo", "link to a fifo", "link to /dev/zero", "link to /dev/stdin", "folder"]
)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs and devices as files are POSIX")
def test_only_regular_files_are_read(tmp_path: Path, kind: str, read):
    path = tmp_path / "thing"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    match kind:
        case "fifo":
            path = fifo
        case "folder":
            path.mkdir()
        case _:
            target = kind.removeprefix("link to ").replace("a fifo", str(fifo))
            path.symlink_to(target)

    with pytest.raises(FileRefused, match=r"not a regular file"):
        read(path, max_bytes=10)


@pytest.mark.parametrize("read", READERS)
def test_a_larger_file_is_refused_and_not_cut(tmp_path: Path, read):
    (tmp_path / "a").write_bytes(b"x" * 2049)
    with pytest.raises(FileRefused, match="larger than 2 KiB"):
        read(tmp_path / "a", max_bytes=2048)


@pytest.mark.parametrize("read", READERS)
def test_a_link_may_not_lead_out_of_the_folder(tmp_path: Path, read):
    (tmp_path / "secret").write_text("s")
    inside = tmp_path / "workspace"
    inside.mkdir()
    (inside / "file").symlink_to(tmp_path / "secret")
    (inside / "folder").symlink_to(tmp_path)
    (inside / "own").write_text("o")
    (inside / "alias").symlink_to("own")

    for path in (inside / "file", inside / "folder" / "secret", inside / ".." / "secret"):
        with pytest.raises(FileRefused, match="leads out of its folder"):
            read(path, max_bytes=10, inside=inside)
    assert read(inside / "alias", max_bytes=10, inside=inside) == b"o"


@pytest.mark.parametrize("read", READERS)
def test_a_missing_file_is_missing(tmp_path: Path, read):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "a", max_bytes=10)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match=r"links|loop|not exist"):
        read(tmp_path / "loop", max_bytes=10, inside=tmp_path)


def test_a_file_system_that_does_not_answer_costs_the_time_limit(tmp_path: Path):
    released = threading.Event()

    class Stalled(type(tmp_path)):
        def stat(self, **_follow_symlinks: bool) -> os.stat_result:
            released.wait()
            raise FileNotFoundError

    try:
        with pytest.raises(FileRefused, match=r"within 0.01 seconds"):
            read_in_time(Stalled(tmp_path / "a"), max_bytes=10, seconds=0.01)
    finally:
        released.set()
