"""Doctor and bench, with and without a model."""

import re
import shlex
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from homebody.backend.base import ModelInfo, Stats
from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.engine import open_engine
from homebody.features.doctor import Diagnosis, Line, bench, doctor, more_context
from homebody.settings import BackendSettings
from homebody.settings.options import OptionsSource, from_texts
from support.gated import settings_for
from support.ollama_double import OllamaDouble, OllamaModel


def _texts(diagnosis: Diagnosis, kind: str = "") -> str:
    return "\n".join(line.text for line in diagnosis.lines if kind in {"", line.kind})


async def test_a_model_without_fim_is_reported_with_the_next_step(world):
    async with world("word " * 64) as w:
        lines = (await doctor(w.engine)).lines
        [at] = [number for number, line in enumerate(lines) if "fill in the middle" in line.text]
        assert lines[at + 1].kind == "command"
        assert "homebody models recommend" in lines[at + 1].text


@pytest.mark.usefixtures("own_folders")
async def test_the_name_of_a_model_adds_no_line():
    with OllamaDouble([OllamaModel("m\n  ✓ All is well")]) as server:
        async with open_engine(settings_for(BackendSettings(kind="ollama", url=server.url))) as engine:
            assert "\n" not in "".join(line.text for line in (await doctor(engine)).lines)


async def test_a_model_without_chat_is_no_use_for_edits(world):
    async with world("word " * 64, chat_template=False) as w:
        diagnosis = await doctor(w.engine)
        assert "need an instruct model" in _texts(diagnosis, "problem")


async def test_an_unavailable_server_is_reported_and_not_raised(world):
    async with world(ScriptedReply(fault="unavailable")) as w:
        diagnosis = await doctor(w.engine)
        assert not diagnosis.has_models
        assert [line.kind for line in diagnosis.lines if line.kind in {"problem", "good"}] == ["problem"] * 2


@pytest.mark.usefixtures("own_folders")
@pytest.mark.parametrize(("kind", "advice"), [("ollama", "start the server"), ("embedded", "models install")])
async def test_models_are_recommended_only_if_there_is_none_and_not_if_a_server_is_down(kind, advice):
    url = "http://127.0.0.1:9" if kind == "ollama" else None
    async with open_engine(settings_for(BackendSettings(kind=kind, url=url))) as engine:
        diagnosis = await doctor(engine)
    problems = _texts(diagnosis, "problem").splitlines()
    assert [advice in problem for problem in problems] == [True, True]
    assert len(_texts(diagnosis, "command").splitlines()) == (2 if kind == "embedded" else 0)


async def test_wrong_settings_are_reported(world):
    async with world("word " * 64) as w:
        diagnosis = await doctor(w.engine, problems=["backend.knid does not exist."])
        assert "backend.knid does not exist." in _texts(diagnosis, "problem")


class _SlowReader(ScriptedBackend):
    """A server that reports six prompt tokens per second."""

    async def stream(self, job):
        async with aclosing(super().stream(job)) as stream:
            async for item in stream:
                slow = isinstance(item, Stats)
                yield replace(item, evaluated_tokens=240, prompt_ms=40_000.0) if slow else item


async def test_a_slow_reader_is_reported(world):
    async with world("word " * 64, kind=_SlowReader) as w:
        assert "It reads 6 tokens a second" in _texts(await doctor(w.engine), "hint")


@pytest.mark.parametrize("kind", ["ollama", "llama.cpp", "lm-studio", "embedded", "openai"])
def test_advice_never_makes_the_context_shorter(kind):
    """And where it is a setting, its value is allowed."""
    for served, trained in ((2048, 8192), (8192, 32768), (30000, 32768)):
        finding, *commands = more_context(ModelInfo(kind, "m", served, trained), "hint", "It is short.")
        command = commands[0].text if commands else ""
        [tokens] = [int(word) for word in re.findall(r"(?<!\S)\d{4,}", f"{finding.text} {command}")]
        slots = 2 if kind == "llama.cpp" else 1
        assert served * slots < tokens <= trained * slots
        if " config set " in command:
            *_, key, value = shlex.split(command)
            options = from_texts([(key, value)], OptionsSource("config.toml", "snake", Path()))
            assert (len(options.values), options.problems) == (1, [])


async def test_bench_measures_as_far_as_the_context_goes(world):
    async with world("word " * 64, context_length=4096) as w:
        measured = await bench(w.engine)
        wanted = (512, 2048, 4000)
        near = [row.prompt_tokens / size for row, size in zip(measured.rows, wanted, strict=True)]
        assert all(0.8 < share <= 1 for share in near)
        prompts = [request.prompt.text for request in w.asked[::2]]
        assert len({text.splitlines()[0] for text in prompts}) == len(prompts)


async def test_suggestions_and_next_edits_are_counted(world):
    """Those of this session too; and which model is asked."""
    async with world("word " * 64) as w:
        for what in ("edits_shown", "edits_shown", "edits_accepted", "shown", "shown", "shown", "accepted"):
            w.engine.audit.count(what)
        diagnosis = await doctor(w.engine)
        told = _texts(diagnosis, "hint")
        assert "Suggestions on this machine: 3 shown, 1 accepted, a part of 0 more." in told
        assert "2 shown, 1 accepted, 0 rejected" in told
        assert "Sweep next-edit v1, Sweep next-edit v2, Zeta 2, Zeta 2.1" in told


@pytest.mark.usefixtures("own_folders")
async def test_a_server_at_another_port_is_listed():
    with OllamaDouble([OllamaModel("qwen2.5-coder:7b")]) as server:
        async with open_engine(settings_for(BackendSettings(kind="ollama", url=server.url))) as engine:
            served = Line("fact", f"ollama at {server.url} serves qwen2.5-coder:7b")
            assert served in (await doctor(engine)).lines
