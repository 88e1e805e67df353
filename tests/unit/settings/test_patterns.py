"""Patterns of ``context.ignore`` in one source add up, as those of several do."""

import pytest

from homebody.settings.load import load as load_sources


def test_without_a_folder_the_editors_patterns_are_the_users(tmp_path):
    """They come first, so that none of them includes again what the user's file excludes."""
    (tmp_path / "config.toml").write_text("context.ignore = ['a/']")
    resolved = load_sources(
        user_file=tmp_path / "config.toml", environ={}, configuration={"context": {"ignore": ["b/", "!a/"]}}
    ).settings
    assert (resolved.context.ignore, resolved.folder_ignore) == (("b/", "!a/", "a/"), ())


@pytest.mark.parametrize("pattern", ["../a/", "a/../b", "a[b", "a[b/c]", "a\\", "a//b", "file:///a", "/"])
def test_a_pattern_that_can_never_match_stops_all_prompts(load, pattern):
    """Git would ignore it silently, and what it was meant for would be sent."""
    resolved, problems = load(initialization_options={"context": {"ignore": ["b/", pattern]}})
    assert (resolved.context.ignore, [problem.stops for problem in problems]) == ((), [True])


@pytest.mark.parametrize(
    "pattern", ["a..b", "...", "[]a]", "[!a]", "[[:alpha:]]", "a\\[", "\\ ", "**/a/**", "!a/", ""]
)
def test_other_patterns_are_used(load, pattern):
    resolved, problems = load(initialization_options={"context": {"ignore": [pattern]}})
    assert (resolved.context.ignore, problems) == ((pattern,), [])


@pytest.mark.parametrize(
    "sent",
    [
        {"context.ignore": ["a/"], "context": {"ignore": ["b/"]}},
        {"homebody.context.ignore": ["a/"], "homebody": {"context": {"ignore": ["b/"]}}},
    ],
)
def test_patterns_that_a_client_sends_in_two_shapes_add_up(load, sent):
    resolved, problems = load(initialization_options=sent)
    assert (sorted(resolved.context.ignore), problems) == (["a/", "b/"], [])
