"""Build a corpus for ``next_edit.py`` from what package managers serve: changes by people, in many projects.

    python benchmarks/release_changes.py OUT.jsonl.gz pypi:click npm:express debian:curl ...

Packages of ``pypi`` and ``npm`` give the differences between consecutive releases, those of ``debian`` their
patches (``apt-get source`` needs a source of the type ``deb-src``). Each release or patch becomes a commit of
those files that have no more changes than in a commit. Left out are formatting, changed numbers (versions,
dates), generated and vendored files, and changes that another release has too. What was read is printed.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from measure.edit_replay import Commit, CommitFile, Hunk

Texts: TypeAlias = Mapping[str, str]
"""Source files of one state of a package, by path."""

_RELEASES = 7
_MOST_FILES, _MOST_HUNKS, _MOST_LINES = 12, 30, 150
"""Larger changes of a file, and more files, are no commit."""

_SOURCE = re.compile(
    r"\.(c|cc|cpp|cs|cxx|go|h|hpp|java|jsx?|kt|lua|mjs|php|pl|pm|pyx?|rb|rs|sh|swift|tsx?|vue|zig)$"
)
_NOT_WRITTEN = re.compile(
    r"(^|/)(node_modules|vendor\w*|third_?party|dist|build|cjs|esm?|umd|types|_?generated|external)/"
    r"|\.min\.|\.d\.ts$|(^|[/_-])version\.\w+$|(^|/)__about__\.py$|bundle"
)
_GENERATED = re.compile(r"generated|do not edit|@preserve", re.IGNORECASE)
_MOST_BYTES, _LONGEST_LINE = 400_000, 1_000
_NUMBERS = re.compile(r"[\d\s.]+")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_RELEASE = re.compile(r"\d+(\.\d+)+")


def run(*command: str, cwd: Path) -> str:
    """Return what a command prints, whatever its exit status."""
    return subprocess.run(
        command, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", check=False
    ).stdout


def releases(printed: list[str]) -> list[str]:
    """Return the newest versions that are no previews, the oldest of them first."""
    kept = [version for version in printed if _RELEASE.fullmatch(version)]
    return sorted(kept, key=lambda version: [int(part) for part in version.split(".")])[-_RELEASES:]


def pypi(name: str, folder: Path) -> Iterator[tuple[str, Texts]]:
    """Yield the releases of a Python package."""
    pip = (sys.executable, "-m", "pip")
    listed = re.search(r"Available versions: (.*)", run(*pip, "index", "versions", name, cwd=folder))
    for version in releases(listed[1].split(", ") if listed else []):
        wheel = (f"{name}=={version}", "--no-deps", "--only-binary", ":all:")
        run(*pip, "download", "--quiet", *wheel, "--dest", version, cwd=folder)
        for archive in (folder / version).glob("*"):
            yield version, unpacked(archive)


def npm(name: str, folder: Path) -> Iterator[tuple[str, Texts]]:
    """Yield the releases of a package for Node; of those with ``src``, only that is written by hand."""
    listed = json.loads(run("npm", "view", name, "versions", "--json", cwd=folder) or "[]")
    for version in releases(listed):
        run("npm", "pack", "--silent", f"{name}@{version}", cwd=folder)
        for archive in folder.glob(f"*-{version}.tgz"):
            texts = unpacked(archive)
            yield version, {path: text for path, text in texts.items() if "src/" in path} or texts


def debian(name: str, folder: Path) -> Iterator[tuple[str, Texts]]:
    """Yield the states of a package's sources, from the author's to that after the last patch."""
    run("apt-get", "source", "--download-only", name, cwd=folder)
    root = folder / "source"
    for kind, target in (("orig", root), ("debian", root / "debian")):
        target.mkdir(exist_ok=True)
        for archive in folder.glob(f"*.{kind}.tar.*"):
            run("tar", "-xf", str(archive), "--strip-components=1", cwd=target)
    series = root / "debian/patches/series"
    texts = read_folder(root)
    yield "0", texts
    for line in series.read_text().splitlines() if series.exists() else []:
        patch = series.parent / line.split("#")[0].strip()
        if not patch.is_file():
            continue
        run("patch", "-p1", "--force", "--silent", "--no-backup-if-mismatch", "-i", str(patch), cwd=root)
        touched = re.findall(r"^\+\+\+ [^/\s]+/(\S+)", patch.read_text(errors="replace"), re.MULTILINE)
        texts = {**texts, **{path: text for path in touched if (text := read_file(root / path, path))}}
        yield patch.name, texts


def unpacked(archive: Path) -> Texts:
    """Return the source files of an archive."""
    target = archive.with_suffix(".unpacked")
    target.mkdir()
    if archive.suffix in {".whl", ".zip"}:
        run(sys.executable, "-m", "zipfile", "-e", str(archive), str(target), cwd=target)
        return read_folder(target)
    run("tar", "-xf", str(archive), "--strip-components=1", cwd=target)
    return read_folder(target)


def read_folder(root: Path) -> Texts:
    """Return the source files below a folder."""
    paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
    return {name: text for name, path in paths.items() if (text := read_file(path, name)) is not None}


def read_file(path: Path, name: str) -> str | None:
    """Return the text of a file that people write."""
    if not _SOURCE.search(name) or _NOT_WRITTEN.search(name) or path.is_symlink():
        return None
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return None
    text = path.read_bytes().decode(errors="replace").replace("\r\n", "\n")
    if "�" in text or "\r" in text or _GENERATED.search(text[:500]):
        return None
    return text if max(map(len, text.split("\n"))) <= _LONGEST_LINE else None


def changed(path: str, before: str, after: str, folder: Path) -> CommitFile | None:
    """Return what was changed in a file, as hunks; what nobody types is there from the beginning."""
    for name, text in (("before", before), ("after", after)):
        (folder / name).write_text(text, newline="")
    printed = run("git", "diff", "--no-index", "--histogram", "-U0", "before", "after", cwd=folder)
    old, new = before.split("\n"), after.split("\n")
    lines: list[str] = []
    hunks: list[Hunk] = []
    at = 0
    for match in _HUNK.finditer(printed):
        (first, count), (new_first, new_count) = (
            (int(start) - (size != "0"), int(size or 1))
            for start, size in ((match[1], match[2]), (match[3], match[4]))
        )
        lines += old[at:first]
        at = first + count
        hunk = Hunk(len(lines), tuple(old[first:at]), tuple(new[new_first : new_first + new_count]))
        if _NUMBERS.sub("", "".join(hunk.old)) == _NUMBERS.sub("", "".join(hunk.new)):
            lines += hunk.new
        else:
            lines += hunk.old
            hunks.append(hunk)
    size = sum(len(hunk.old) + len(hunk.new) for hunk in hunks)
    if not 0 < len(hunks) <= _MOST_HUNKS or size > _MOST_LINES:
        return None
    return CommitFile(path, "\n".join([*lines, *old[at:]]), tuple(hunks))


def commits(source: str, known: set[str]) -> Iterator[Commit]:
    """Yield the releases of a package as commits; ``known`` are changes that others have."""
    kind, _, name = source.partition(":")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        before: Texts = {}
        for version, texts in SOURCES[kind](name, folder):
            files: list[CommitFile] = []
            paths = [path for path in before.keys() & texts.keys() if before[path] != texts[path]]
            for path in sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest()):
                file = changed(path, before[path], texts[path], folder)
                key = "" if file is None else repr([(hunk.old, hunk.new) for hunk in file.hunks])
                if file is not None and key not in known and len(files) < _MOST_FILES:
                    known.add(key)
                    files.append(file)
            before = texts
            if files:
                yield Commit(source, f"{source} {version}", tuple(files))


SOURCES: Mapping[str, Callable[[str, Path], Iterator[tuple[str, Texts]]]] = {
    "debian": debian,
    "npm": npm,
    "pypi": pypi,
}


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("packages", nargs="+", metavar="SOURCE:NAME")
    options = parser.parse_args()
    known: set[str] = set()
    total = Counter[str]()
    with gzip.GzipFile(options.out, "wb") as out:
        for source in options.packages:
            made: list[Commit] = list(commits(source, known))
            for commit in made:
                out.write(msgspec.json.encode(commit) + b"\n")
            count: dict[str, Any] = {
                "commits": len(made),
                "files": sum(len(commit.files) for commit in made),
                "hunks": sum(len(file.hunks) for commit in made for file in commit.files),
            }
            total.update(count)
            span = f"{made[0].commit} to {made[-1].commit}" if made else source
            print(f"{span}: {', '.join(f'{number} {unit}' for unit, number in count.items())}", flush=True)
    print(dict(total))


if __name__ == "__main__":
    main()
