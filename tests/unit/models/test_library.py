"""Models by name: installed, linked in place, chosen for a use, removed."""

import pytest

from homebody.errors import ModelNotFound, NoModelInstalled, UsageError
from homebody.models import library
from homebody.models.facts import Model
from homebody.models.library import DEFAULT_WEIGHTS, find_model, link, list_entries, remove, resolve
from support.tiny_gguf import write_tiny_gguf

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def default(tmp_path):
    folder = library.models_dir()
    folder.mkdir(parents=True)
    return write_tiny_gguf(folder / DEFAULT_WEIGHTS, fim=False)


def test_the_default_weights_are_the_last_choice(default, tmp_path):
    assert resolve(None, "completion") == resolve(None, "chat") == default
    base = link(write_tiny_gguf(tmp_path / "base.gguf", chat_template=None)).path
    assert resolve(None, "completion") == base
    assert resolve(None, "chat") == default
    newer = link(write_tiny_gguf(tmp_path / "newer.gguf")).path
    assert resolve(None, "completion") == resolve(None, "chat") == newer


def test_a_linked_file_stays_where_it_is(tiny_model):
    link(tiny_model)
    assert not list(library.models_dir().glob("*.gguf"))
    assert [entry.model for entry in list_entries()] == [Model("tiny", tiny_model, "linked")]
    remove("tiny")
    assert tiny_model.is_file()
    assert list_entries() == []


def test_downloaded_weights_that_are_named_by_their_path_stay_installed(default):
    assert link(default).origin == "installed"
    remove(DEFAULT_WEIGHTS)
    assert not default.exists()


def test_a_linked_file_that_was_removed_is_reported(tmp_path):
    path = write_tiny_gguf(tmp_path / "gone.gguf")
    link(path)
    path.unlink()
    [entry] = list_entries()
    assert entry.facts is None
    assert "No such file" in (entry.problem or "")
    with pytest.raises(NoModelInstalled):
        resolve(None)


def test_names_are_found_in_any_case_and_by_their_beginning(default, tmp_path):
    assert find_model("smollm2-135m-instruct.q4_1.gguf").path == default
    assert find_model("smol").path == default
    link(write_tiny_gguf(tmp_path / "smollm3.gguf"))
    with pytest.raises(UsageError, match="smol may be smollm3, SmolLM2"):
        find_model("smol")
    assert find_model(str(default)).path == default


def test_removing_deletes_downloaded_weights_by_their_full_name(default):
    with pytest.raises(UsageError, match="write the name in full"):
        remove("smol")
    remove(default.stem)
    assert not default.exists()


def test_other_programs_models_are_not_removed(tmp_path):
    folder = tmp_path / "home" / ".lmstudio" / "models" / "org" / "repo"
    folder.mkdir(parents=True)
    theirs = write_tiny_gguf(folder / "theirs.gguf")
    with pytest.raises(UsageError, match="theirs belongs to LM Studio"):
        remove("theirs")
    with pytest.raises(ModelNotFound, match="is not installed"):
        remove(str(theirs))
    assert theirs.is_file()
