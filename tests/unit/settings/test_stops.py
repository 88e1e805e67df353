"""Settings of the user's that are wrong stop all prompts: a rule in them may be missing."""

import os
from pathlib import Path

import pytest

from homebody.errors import SettingsBroken
from homebody.settings import Settings
from homebody.settings.load import load as load_sources
from homebody.settings.schema import is_server_url

MANY = [f"p{number}" for number in range(1001)]


def stops_of(loaded):
    return tuple(problem for problem in loaded.problems if problem.stops)


@pytest.fixture
def load_own(tmp_path: Path):
    def _load(text: str | bytes | None = None, **sources: object):
        path = tmp_path / "config.toml"
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_sources(user_file=path, **({"environ": {}} | sources))

    return _load


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[context]\nignore = ['private/'\nsnippets = false", ["not valid TOML", "line 3"]),
        (b"[completion]\n\n# \xff", ["not UTF-8 (line 3)"]),
        ("a = " + "[" * 100_000, ["too many nested brackets"]),
        ("a = " + "9" * 10_000, ["too long a number"]),
        ("#" * 1_100_000, ["larger than 1 MiB"]),
        ("\ncontext.ignor = ['private/']", ["`context.ignor`", "the nearest is `context.ignore`"]),
        ("[chat]\nmax_tokens = 99\nlanguag = 'x'", ["`chat.languag`", "the nearest is `chat.language`"]),
        ("[context]\n# x\nignore = 'private/'", ['"private/"', "a list of at most 1000 patterns"]),
        (f"context.ignore = {MANY}", ["a list of at most 1000 patterns"]),
        ("[backend]\nurl = 'unix:/x.sock'", ['"unix:/x.sock"', "`unix:///run/llama.sock`"]),
        ("[backend]\nurl = 'http://[::1'", ['"http://[::1"', "`http://127.0.0.1:8080`"]),
        ("[chat.backend]\nurl = 'http://ⓛocalhost:1'", ["ⓛocalhost", "`http://127.0.0.1:8080`"]),
    ],
)
def test_a_wrong_file_of_the_user_stops_all_prompts(load_own, tmp_path, text, parts):
    loaded = load_own(text)
    assert len(stops_of(loaded)) == 1
    assert isinstance(loaded.error, SettingsBroken)
    expected = [
        f"{tmp_path / 'config.toml'}: ",
        *parts,
        "Nothing is sent to a model until this is corrected.",
    ]
    assert [part for part in expected if part not in str(loaded.error)] == []


def test_many_wrong_settings_give_one_short_error(load_own):
    error = str(load_own("[chat]\n" + "".join(f"wrong_{number} = 1\n" for number in range(5))).error)
    assert [f"wrong_{number}" in error for number in range(5)] == [True, True, True, False, False]
    assert "2 more of your settings are wrong. Nothing is sent" in error


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_behind_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize(
    "make",
    [
        Path.mkdir,
        make_fifo,
        make_behind_file,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path),
        lambda path: path.symlink_to(path.parent / "nothing"),
    ],
    ids=["folder", "fifo", "in-file", "device", "loop", "dangling"],
)
def test_a_file_that_cannot_be_read_stops_all_prompts(tmp_path, make):
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    make(path)
    (problem,) = stops_of(load_sources(user_file=path, environ={}))
    assert problem.message.startswith(f"{path}: it ")


@pytest.mark.parametrize(
    ("sources", "parts"),
    [
        ({"environ": {"HOMEBODY_CONTEXT_IGNOR": "x"}}, ["`HOMEBODY_CONTEXT_IGNORE`"]),
        ({"environ": {"HOMEBODY_CONTEXT_SNIPPETS": "maybe"}}, ["CONTEXT_SNIPPETS`", "true or false"]),
        ({"flags": {"context.ignores": "x"}}, ["`context.ignores`", "`context.ignore`"]),
        ({"flags": {"chat.max_tokens": "x"}}, ["`chat.max_tokens`", "a whole number"]),
    ],
)
def test_wrong_variables_and_flags_stop_all_prompts(load_own, sources, parts):
    loaded = load_own(**sources)
    assert [part for part in parts if part not in str(loaded.error)] == []


RESTRICTING = [
    {"context": {"ignore": "private/"}},
    {"context": {"ignore": {"private/": True}}},
    {"context": {"ignored": ["private/"]}},
    {"context": {"exclude": ["private/"]}},
    {"contxt": {"ignore": ["private/"]}},
    {"ignore": ["private/"]},
    {"settings": {"context": {"ignore": ["private/"]}}},
    {"Context.Ignore": ["private/"]},
    {"context": ["private/"]},
    {"context": {"snippets": "no"}},
    {"context": {"maxFileBytes": "1kB"}},
    {"completion": {"enable": False}},
    {"completion": {"enabled": "false"}},
    {"completion": {"languages": ["python"]}},
    {"completion": {"trigger": "never"}},
    {"log": {"prompts": 0}},
    {"backend": {"allowedHosts": "gpu:8000"}},
    {"backend": {"url": "unix:/x.sock"}},
    {"backend": {"uri": "http://127.0.0.1:1"}},
    {f"unknown{number}": 1 for number in range(200)},
    3,
]


@pytest.mark.parametrize("source", ["initialization_options", "configuration"])
@pytest.mark.parametrize("sent", RESTRICTING)
def test_a_wrong_restricting_key_of_an_editor_stops_all_prompts(load_own, source, sent):
    """Also one that only looks like it: with the default in its place, more would be sent."""
    assert load_own(**{source: sent}).error is not None


@pytest.mark.parametrize("source", ["initialization_options", "configuration"])
@pytest.mark.parametrize(
    ("sent", "problems"),
    [
        ({"completion": {"maxTokens": "many", "colour": "red"}}, 2),
        ({"chat": {"instruktions": "x"}, "theme": {"dark": True}}, 2),
        ({"yaml": {"completion": {"enabled": True}, "ignore": ["a"]}}, 1),
        ({"homebody": {}, "yaml": {"context": {"ignore": 3}}}, 0),
        ({"completion": [], "context": None}, 0),
        ({"homebody": []}, 0),
        ([], 0),
        (None, 0),
    ],
)
def test_another_wrong_key_of_an_editor_is_one_message(load_own, source, sent, problems):
    loaded = load_own(**{source: sent})
    assert (Settings(), problems, None) == (loaded.settings, len(loaded.problems), loaded.error)


def test_a_folders_wrong_file_stops_nothing_elsewhere(tmp_path):
    (tmp_path / ".homebody.toml").write_text("\n\n[completion]\ncolour = 3\nenabled = false")
    loaded = load_sources(workspace=tmp_path, user_file=tmp_path / "config.toml", environ={})
    assert ([problem.key for problem in loaded.problems], stops_of(loaded)) == (["completion.colour"], ())
    assert not loaded.settings.completion.enabled


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("http://127.0.0.1:8080", True),
        ("https://gpu.example:8000/v1", True),
        ("http://localhost", True),
        ("http://[::1]:8080", True),
        ("unix:///run/llama.sock", True),
        ("unix:/x.sock", False),
        ("unix://run/x.sock", False),
        ("unix:///", False),
        ("unix://", False),
        ("http://", False),
        ("http:///v1", False),
        ("http://[::1", False),
        ("http://[::1%25lo]:1", False),
        ("http://[nonsense]:1", False),
        ("http://999.1.1.1:1", False),
        ("http://ⓛocalhost:1", False),
        ("http://127.0.0.1:0", False),
        ("http://127.0.0.1:", False),
        ("http://127.0.0.1:65536", False),
        ("http://127.0.0.1:x", False),
        ("http://me@127.0.0.1:1", False),
        ("http://127.0.0.1\\@example.org", False),
        ("http://127.0.0.1:1?x", False),
        ("http://127.0.0.1:1#x", False),
        ("http://127.0.0.1:1 x", False),
        ("ftp://127.0.0.1", False),
        ("127.0.0.1:8080", False),
    ],
)
def test_only_an_address_of_a_server_is_a_url(url, is_one):
    """A text that looks like one must not lead to another program's port."""
    assert is_one == is_server_url(url)
    file = Path("/nowhere/config.toml")
    loaded = load_sources(user_file=file, environ={}, flags={"backend.url": url})
    assert (url if is_one else None, not is_one) == (loaded.settings.backend.url, bool(loaded.problems))


@pytest.mark.parametrize("port", ["0", "65536", "99999", "x", ""])
def test_an_allowed_host_has_a_port(load, port):
    resolved, problems = load(user=f"backend.allowed_hosts = ['gpu.example:{port}']")
    assert (resolved.backend.allowed_hosts, len(problems)) == ((), 1)
    assert load(user="backend.allowed_hosts = ['[fd00::7]:65535']")[1] == []


def test_more_patterns_than_can_be_applied_stop_all_prompts(load_own):
    patterns = ",".join(MANY[:-1])
    environ = {"HOMEBODY_CONTEXT_IGNORE": patterns}
    assert load_own(f"context.ignore = {MANY[:-1]}", environ=environ).error is None
    loaded = load_own(f"context.ignore = {MANY[:-1]}", environ=environ, flags={"context.ignore": "one-more"})
    assert "2001 patterns" in str(loaded.error)


def test_a_file_that_the_user_names_must_exist(tmp_path, monkeypatch):
    """A wrong path would be a file without rules; the usual file may be missing."""
    named = tmp_path / "config.toml"
    monkeypatch.setenv("HOMEBODY_CONFIG_FILE", str(named))
    assert [problem.stops for problem in load_sources(environ={}).problems] == [True]
    named.write_text("")
    assert load_sources(environ={}).problems == ()
    named.unlink()
    monkeypatch.delenv("HOMEBODY_CONFIG_FILE")
    monkeypatch.setenv("HOMEBODY_CONFIG_DIR", str(tmp_path))
    assert load_sources(environ={}).problems == ()
