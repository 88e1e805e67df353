"""``homebody models install hf:…`` with the real huggingface_hub, against a double of the Hub.

The double implements the Hub's API for one model: its files with sizes and checksums, and
downloads with ``Range``.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.errors import UsageError
from homebody.models.hub import choose_files
from homebody.models.library import installed_models, models_dir
from support.loopback import LoopbackServer

REPO = "org/coder-GGUF"


class Hub:
    """One repository; the first download is cut after ``cut_after`` bytes."""

    def __init__(self, files, cut_after=None, *, lie=False):
        self.files = files
        self.cut_after = cut_after
        self.lie = lie
        self.ranges = []

    async def __call__(self, request, reply):
        if request.path == f"/api/models/{REPO}":
            await reply.json({"id": REPO, "modelId": REPO, "sha": "c0ffee", "siblings": self._siblings()})
        elif request.path.startswith(f"/{REPO}/resolve/c0ffee/"):
            await self._send(request, reply, self.files[request.path.rpartition("/c0ffee/")[2]])
        else:
            await reply.json({"error": "Repository not found"}, 404, {"x-error-code": "RepoNotFound"})

    def _siblings(self):
        return [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": "1",
                "lfs": {"sha256": self._checksum(content), "size": len(content), "pointerSize": 1},
            }
            for name, content in self.files.items()
        ]

    def _checksum(self, content):
        return "0" * 64 if self.lie else hashlib.sha256(content).hexdigest()

    async def _send(self, request, reply, content):
        headers = {
            "etag": f'"{self._checksum(content)}"',
            "x-repo-commit": "c0ffee",
            "accept-ranges": "bytes",
        }
        if request.method == "HEAD":
            await reply._head(200, {**headers, "content-length": str(len(content))})
            reply.ended = True
            return
        start = int(re.fullmatch(r"bytes=(\d+)-\d*", request.headers.get("range", "bytes=0-"))[1])
        self.ranges.append(start)
        rest = content[start:]
        headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        status = 206 if "range" in request.headers else 200
        if self.cut_after is not None:
            await reply._head(status, {**headers, "content-length": str(len(rest))})
            reply.writer.write(rest[: self.cut_after])
            await reply.writer.drain()
            self.cut_after = None
        else:
            await reply.whole(rest, status, headers)


def install(source, endpoint, **environment):
    """Run the command as a user does; the library reads its variables when it is imported."""
    command = [Path(sys.executable).with_name("homebody"), "models", "install", source]
    variables = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", **environment}
    return subprocess.run(command, capture_output=True, text=True, env=variables, check=False)


def test_fetches_one_model_and_resumes_an_interrupted_download(own_folders, tiny_model):
    content = tiny_model.read_bytes() + bytes(25_000_000)
    hub = Hub(
        {"README.md": b"x", "coder-q4_k_m.gguf": content, "coder-q8_0.gguf": b"y"}, cut_after=15_000_000
    )
    with LoopbackServer(hub) as server:
        done = install(f"hf:{REPO}", server.url)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        0,
        "Fetching hf:org/coder-GGUF: 100% of 26 MB",
    )
    [model] = installed_models()
    assert model.path == models_dir() / "org--coder-GGUF" / "coder-q4_k_m.gguf"
    assert model.path.read_bytes() == content
    assert hub.ranges == [0, 10 * 1024**2]


def test_a_wrong_checksum_leaves_nothing_behind(own_folders, tiny_model):
    with LoopbackServer(Hub({"a.gguf": tiny_model.read_bytes()}, lie=True)) as server:
        done = install(f"hf:{REPO}", server.url)
    assert (done.returncode, installed_models()) == (3, [])
    assert "has the checksum" in done.stderr


def test_an_unknown_repository_is_reported(own_folders):
    with LoopbackServer(Hub({})) as server:
        done = install("hf:org/nix", server.url)
    assert done.returncode == 3
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith(
        "homebody: The Hub has no repository org/nix, or it is private: check the name"
    )


FILES = (
    "README.md",
    "mmproj-f16.gguf",
    "m-Q4_K_M.gguf",
    "m-Q8_0.gguf",
    "big/m-F16-00001-of-00002.gguf",
    "big/m-F16-00002-of-00002.gguf",
    "../../evil-q2.gguf",
)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (None, ["m-Q4_K_M.gguf"]),
        ("q8_0", ["m-Q8_0.gguf"]),
        ("m-Q8_0.gguf", ["m-Q8_0.gguf"]),
        ("big/m-F16", ["big/m-F16-00001-of-00002.gguf", "big/m-F16-00002-of-00002.gguf"]),
        ("F16", ["big/m-F16-00001-of-00002.gguf", "big/m-F16-00002-of-00002.gguf"]),
    ],
)
def test_chooses_the_file_that_is_meant(wanted, chosen):
    assert choose_files(REPO, FILES, wanted) == chosen


@pytest.mark.parametrize("wanted", ["q3", "evil-q2", "mmproj-f16"])
def test_a_file_that_is_not_there_lists_what_is(wanted):
    with pytest.raises(
        UsageError, match=r"has big/m-F16\.gguf, m-Q4_K_M\.gguf, m-Q8_0\.gguf: name one of them"
    ):
        choose_files(REPO, FILES, wanted)
