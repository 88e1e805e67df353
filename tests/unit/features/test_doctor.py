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
from homebody.features.bench import bench
from homebody.features.doctor import Diagnosis, doctor, lines_of, more_context
from homebody.settings import BackendSettings
from homebody.settings.options import OptionsSource, from_texts
from support.gated import settings_for
from support.ollama_double import OllamaDouble, OllamaModel


def _texts(findings) -> str:
    return "\n".join(finding.text for finding in findings)


async def test_a_model_without_fim_is_reported_with_the_next_step(world):
    async with world("word " * 64) as w:
        [completion, _] = (await doctor(w.engine)).uses
        [finding] = [found for found in completion.findings if "fill in the middle" in found.text]
        assert "homebody models recommend" in (finding.command or "")


def test_the_name_of_a_model_adds_no_line():
    report = lines_of(Diagnosis("Homebody 1", ("it serves model\n  ✓ All is well",), (), ()))
    assert ("fact", "it serves model ✓ All is well") in report


async def test_a_model_without_chat_is_no_use_for_edits(world):
    async with world("word " * 64, chat_template=False) as w:
        diagnosis = await doctor(w.engine)
        assert "need an instruct model" in _texts(diagnosis.uses[1].findings)


async def test_an_unavailable_server_is_reported_and_not_raised(world):
    async with world(ScriptedReply(fault="unavailable")) as w:
        diagnosis = await doctor(w.engine)
        assert [use.model for use in diagnosis.uses] == [None, None]
        assert diagnosis.uses[0].findings[0].level == "problem"


@pytest.mark.usefixtures("own_folders")
@pytest.mark.parametrize(("kind", "advice"), [("ollama", "start the server"), ("embedded", "models install")])
async def test_models_are_recommended_only_if_there_is_none_and_not_if_a_server_is_down(kind, advice):
    url = "http://127.0.0.1:9" if kind == "ollama" else None
    async with open_engine(settings_for(BackendSettings(kind=kind, url=url))) as engine:
        diagnosis = await doctor(engine)
    assert all(advice in use.findings[0].text for use in diagnosis.uses)
    commands = [use.findings[0].command for use in diagnosis.uses]
    assert all(commands) if kind == "embedded" else not any(commands)


async def test_wrong_settings_are_reported(world):
    async with world("word " * 64) as w:
        diagnosis = await doctor(w.engine, problems=["backend.knid does not exist."])
        assert "backend.knid does not exist." in _texts(diagnosis.findings)


class _SlowReader(ScriptedBackend):
    """A server that reports six prompt tokens per second."""

    async def stream(self, job):
        async with aclosing(super().stream(job)) as stream:
            async for item in stream:
                slow = isinstance(item, Stats)
                yield replace(item, evaluated_tokens=240, prompt_ms=40_000.0) if slow else item


async def test_a_slow_reader_is_reported(world):
    async with world("word " * 64, kind=_SlowReader) as w:
        [completion, _] = (await doctor(w.engine)).uses
        assert "It reads 6 tokens a second" in _texts(completion.findings)


@pytest.mark.parametrize("kind", ["ollama", "llama.cpp", "lm-studio", "embedded", "openai"])
def test_advice_never_makes_the_context_shorter(kind):
    """And where it is a setting, its value is allowed."""
    for served, trained in ((2048, 8192), (8192, 32768), (30000, 32768)):
        finding = more_context(ModelInfo(kind, "m", served, trained), "hint", "It is short.")
        command = finding.command or ""
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
        assert "Suggestions on this machine: 3 shown, 1 accepted, a part of 0 more." in _texts(
            diagnosis.findings
        )
        told = _texts(diagnosis.next_edits)
        assert "2 shown, 1 accepted, 0 rejected" in told
        assert "Sweep next-edit v1, Sweep next-edit v2, Zeta 2, Zeta 2.1" in told


@pytest.mark.usefixtures("own_folders")
async def test_a_server_at_another_port_is_listed():
    with OllamaDouble([OllamaModel("qwen2.5-coder:7b")]) as server:
        async with open_engine(settings_for(BackendSettings(kind="ollama", url=server.url))) as engine:
            assert f"ollama at {server.url} serves qwen2.5-coder:7b" in (await doctor(engine)).servers
