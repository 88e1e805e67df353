"""Sources are merged in order; an invalid value is ignored, with one message."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.settings import BackendSettings, Settings
from homebody.settings.load import load as load_with_origins
from homebody.settings.load import load_folders

SOURCES = (
    {"user": "[completion]\nmax_tokens = 1"},
    {"project": "[completion]\nmax_tokens = 2"},
    {"environ": {"HOMEBODY_COMPLETION_MAX_TOKENS": "3"}},
    {"initialization_options": {"completion": {"maxTokens": 4}}},
    {"configuration": {"completion": {"maxTokens": 5}}},
    {"flags": {"completion.max_tokens": "6"}},
)


@pytest.mark.parametrize("last", range(1, len(SOURCES) + 1))
def test_later_sources_win(load, last):
    sources = {name: value for source in SOURCES[:last] for name, value in source.items()}
    resolved, problems = load(**sources)
    assert (last, []) == (resolved.completion.max_tokens, problems)


def test_every_source_is_reported_by_name(load, user_file, workspace):
    load(user="[log]\nenabled = true", project="[chat]\nmax_tokens = 55")
    loaded = load_with_origins(
        workspace=workspace, user_file=user_file, environ={"HOMEBODY_CHAT_TEMPERATURE": "0.5"}
    )

    assert loaded.origins == {
        "log.enabled": str(user_file),
        "chat.max_tokens": ".homebody.toml",
        "chat.temperature": "environment",
    }


@pytest.mark.parametrize(
    ("project", "key", "parts"),
    [
        ("chat.temperature = 'hot'", "chat.temperature", ['"hot"', "a number from 0 to 2"]),
        ("completion.enabled = 'false'", "completion.enabled", ['"false"', "true or false"]),
        ("completion.enabled = 0", "completion.enabled", ["0", "true or false"]),
        ("completion.max_tokens = true", "completion.max_tokens", ["true", "a whole number from 1 to 4096"]),
        ("completion.max_tokens = 1.5", "completion.max_tokens", ["1.5", "a whole number"]),
        ("chat.temperature = nan", "chat.temperature", ["NaN", "a number from 0 to 2"]),
        ("backend.kind = 'olama'", "backend.kind", ['"olama"', "`auto`, `embedded`, `llama.cpp`, `ollama`"]),
        ("completion.debounce_ms = 'fast'", "completion.debounce_ms", ['"fast"', "`auto` or a whole number"]),
        (
            "completion.languages = ['python']",
            "completion.languages",
            ['["python"]', "a table of true or false"],
        ),
        ("context.ignore = '*.py'", "context.ignore", ['"*.py"', "a list of at most 1000 patterns"]),
        ("context = 3", "context", ["3", "a table of settings"]),
        ('backend.model = "a\\u0000b"', "backend.model", ["one line of text"]),
        ("completion.max_tokens = 0x" + "f" * 9000, "completion.max_tokens", ["a whole number"]),
        ("chat.temperature = 1e400", "chat.temperature", ["a number from 0 to 2"]),
    ],
)
def test_only_the_bad_value_falls_back(load, project, key, parts):
    resolved, problems = load(project=f"chat.max_tokens = 77\n{project}")
    assert [(key, False)] == [(problem.key, problem.stops) for problem in problems]
    expected = [".homebody.toml: ", f"`{key}`", *parts]
    assert [part for part in expected if part not in problems[0].message] == []
    assert msgspec.structs.replace(resolved, folder_ignore=()) == load(project="chat.max_tokens = 77")[0]


def test_a_message_does_not_repeat_a_password(load):
    _, problems = load(user="backend.url = 'http://me:s3cret@127.0.0.1:1'")
    assert '"http://***@127.0.0.1:1"' in problems[0].message


@pytest.mark.parametrize(
    ("sources", "wrong", "right"),
    [
        ({"project": "completion.max_token = 1"}, "completion.max_token", "completion.max_tokens"),
        ({"project": "completion.maxTokens = 1"}, "completion.maxTokens", "completion.max_tokens"),
        ({"project": "[complete]\nenabled = true"}, "complete", "completion"),
        (
            {"configuration": {"completion": {"max_tokens": 1}}},
            "homebody.completion.max_tokens",
            "homebody.completion.maxTokens",
        ),
        ({"configuration": {"complete": {"enabled": True}}}, "homebody.complete", "homebody.completion"),
        (
            {"environ": {"HOMEBODY_CHAT_MAXTOKEN": "1"}},
            "HOMEBODY_CHAT_MAXTOKEN",
            "HOMEBODY_CHAT_MAX_TOKENS",
        ),
        ({"environ": {"HOMEBODY_BAKEND_URL": "x"}}, "HOMEBODY_BAKEND_URL", "HOMEBODY_BACKEND_URL"),
        ({"environ": {"HOMEBODY_IGNORE": "x"}}, "HOMEBODY_IGNORE", "HOMEBODY_CONTEXT_IGNORE"),
        ({"flags": {"chat.maxtoken": "1"}}, "chat.maxtoken", "chat.max_tokens"),
    ],
)
def test_an_unknown_key_names_the_nearest(load, sources, wrong, right):
    """A misspelled key is reported with the most similar key."""
    resolved, problems = load(**sources)
    assert [wrong] == [problem.key for problem in problems]
    assert f"`{wrong}`; the nearest is `{right}`" in problems[0].message
    assert resolved == Settings()


@pytest.mark.parametrize(
    ("text", "wrong", "advice"),
    [
        (
            '[log]\nenabled = true\ntrusted_folders = ["/w"]',
            "log.trusted_folders",
            "put `trusted_folders` above the first [section]",
        ),
    ],
)
def test_a_line_below_the_wrong_section_is_told_its_place(load, text, wrong, advice):
    _, problems = load(user=text)
    assert [problem.message.partition(": ")[2] for problem in problems] == [
        f"there is no setting `{wrong}`; {advice}."
    ]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("COMPLETION_ENABLED", "FALSE", False),
        ("COMPLETION_ENABLED", "1", True),
        ("COMPLETION_MIN_CONFIDENCE", "1", 1.0),
        ("COMPLETION_DEBOUNCE_MS", "auto", "auto"),
        ("COMPLETION_DEBOUNCE_MS", "80", 80),
        ("COMPLETION_LANGUAGES", "python=true, markdown=false", {"python": True, "markdown": False}),
        ("COMPLETION_LANGUAGES", '{"python": false}', {"python": False}),
    ],
)
def test_a_text_is_read_by_the_type_that_is_wanted(load, name, text, value):
    resolved, problems = load(environ={f"HOMEBODY_{name}": text})
    assert problems == []
    assert value == getattr(resolved.completion, name.removeprefix("COMPLETION_").lower())


def test_an_empty_variable_is_not_set(load):
    environ = {"HOMEBODY_BACKEND_URL": "", "HOMEBODY_COMPLETION_ENABLED": ""}
    assert load(environ=environ) == (Settings(), [])


def test_null_and_emptied_fields_are_not_set(load):
    sent = {"backend": {"url": None, "model": ""}, "completion": None, "embedded": {"threads": None}}
    assert load(initialization_options=sent) == (Settings(), [])


@pytest.mark.parametrize(
    "sent",
    [
        {"completion": {"maxTokens": 7}},
        {"homebody": {"completion": {"maxTokens": 7}}},
        {"completion.maxTokens": 7},
        {"homebody.completion.maxTokens": 7},
        {"completion": {"maxTokens": 7.0}},
    ],
)
def test_clients_send_settings_in_many_shapes(load, sent):
    resolved, problems = load(configuration=sent)
    assert (resolved.completion.max_tokens, problems) == (7, [])


def test_a_byte_order_mark_is_no_mistake(load):
    """Some Windows editors write one."""
    assert load(project=b"\xef\xbb\xbfchat.max_tokens = 33\r\n")[0].chat.max_tokens == 33


def test_the_key_comes_from_the_variable_that_apikeyenv_names(load):
    resolved, problems = load(user='backend.api_key_env = "MY_KEY"', environ={"MY_KEY": "s3cret"})
    assert (resolved.backend.api_key, problems) == ("s3cret", [])
    assert "s3cret" not in repr(resolved)


def test_a_missing_key_variable_is_reported(load):
    resolved, problems = load(user='backend.api_key_env = "MY_KEY"')
    assert (resolved.backend.api_key, len(problems)) == (None, 1)
    assert "MY_KEY" in problems[0].message


def test_a_key_in_the_wrong_place_is_not_shown(load):
    _, problems = load(user="backend.api_key = ['s3cret']")
    assert len(problems) == 1
    assert "s3cret" not in problems[0].message


def test_an_override_takes_the_rest_from_the_block(load):
    resolved, _ = load(
        user="""
        [backend]
        kind = "ollama"
        url = "http://127.0.0.1:11434"
        api_key = "k"
        model = "large"
        timeout_seconds = 7
        [completion.backend]
        model = "small"
        """
    )

    assert resolved.chat.backend == resolved.backend
    assert resolved.completion.backend == BackendSettings(
        kind="ollama", url="http://127.0.0.1:11434", api_key="k", model="small", timeout_seconds=7.0
    )


@pytest.mark.parametrize("override", ['url = "http://127.0.0.1:1"', 'kind = "llama.cpp"'])
def test_an_override_that_names_another_server_starts_anew(load, override):
    resolved, _ = load(
        user=f"""
        [backend]
        kind = "ollama"
        url = "http://127.0.0.1:11434"
        api_key = "k"
        model = "large"
        context_length = 4096
        allowed_hosts = ["gpu.example:8000"]
        [chat.backend]
        {override}
        """
    )

    chat = resolved.chat.backend
    assert (chat.api_key, chat.model, chat.context_length) == (None, None, None)
    assert chat.allowed_hosts == ("gpu.example:8000",)


@pytest.mark.parametrize("override", ["", "[completion.backend]\nmodel = 'small'"])
def test_a_later_source_that_names_another_kind_starts_anew(load, override):
    """A key is never sent to another server than its own."""
    resolved, _ = load(
        user=f"backend = {{kind = 'ollama', model = 'm', api_key = 'a', timeout_seconds = 7}}\n{override}",
        environ={"HOMEBODY_BACKEND_KIND": "openai", "HOMEBODY_BACKEND_API_KEY_ENV": "MY_KEY", "MY_KEY": "b"},
    )
    fresh = BackendSettings(kind="openai", api_key="b", api_key_env="MY_KEY", timeout_seconds=7.0)
    assert (fresh, fresh, fresh) == (resolved.backend, resolved.completion.backend, resolved.chat.backend)


def test_languages_are_joined_and_a_star_means_all_others(load):
    user = 'completion.languages = {"*" = false}'
    completion = load(user=user, initialization_options={"completion": {"languages": {"go": True}}})[
        0
    ].completion
    assert (completion.is_on("go"), completion.is_on("python")) == (True, False)


_NAMES = st.sampled_from(
    ["backend", "completion", "chat", "kind", "url", "model", "maxTokens", "max_tokens", "a.b", "languages"]
) | st.text(max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(
    sent=st.dictionaries(_NAMES, _JSON, max_size=5), variables=st.dictionaries(_NAMES, st.text(max_size=9))
)
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_sent_ever_raises(sent, variables):
    environ = {f"HOMEBODY_{name}".replace("\0", ""): text for name, text in variables.items()}
    loaded = load_with_origins(
        workspace=Path("/nowhere"),
        user_file=Path("/nowhere/config.toml"),
        environ=environ,
        initialization_options=sent,
        configuration=sent,
        flags=dict(variables),
    )

    assert isinstance(loaded.settings, Settings)
    assert [problem for problem in loaded.problems if not problem.message.isprintable()] == []


def test_each_folder_of_a_window_has_its_own_completion_but_not_its_own_model(tmp_path):
    """What any folder limits counts for all of them; the first folder's file counts for the window."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, limit in zip(folders, (2048, 4096), strict=True):
        folder.mkdir()
        (folder / ".homebody.toml").write_text(f"context.max_file_bytes = {limit}\nchat.max_tokens = {limit}")
    own = {folders[1]: {"completion": {"maxTokens": 5, "fim": "qwen"}, "context": {"snippets": False}}}
    loaded = load_folders(folders, own, user_file=tmp_path / "none.toml", flags={"completion.fim": "granite"})

    context, completion = loaded.settings.context, loaded.settings.folder_completion
    assert (context.snippets, context.max_file_bytes, loaded.settings.chat.max_tokens) == (False, 2048, 2048)
    assert [(own.max_tokens, own.fim) for own in completion.values()] == [(128, "granite"), (5, "granite")]
    assert list(completion) == folders
    assert len(loaded.problems) == 1
