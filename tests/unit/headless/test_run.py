"""The result of rewriting one file."""

import contextlib

import pytest

from homebody.backend.scripted import Reply, ScriptedBackend
from homebody.engine import Engine, Use
from homebody.headless.run import RunRequest, rewrite
from homebody.headless.select import read_source
from homebody.settings import Settings
from support.gated import Gated

METHODS = "".join(f"    def m{n}(self):\n        b = {n}\n        return b\n\n" for n in range(30))


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        (
            "b",
            "unchanged",
            "lines 1 to 1: A: its members are rewritten one by one, and its first lines stay.",
        ),
        ("c", "changed", "lines 1 to 1: A: its members are rewritten one by one, and its first lines stay."),
        ("(", "refused", "syntax errors"),
    ],
)
async def test_the_first_lines_of_a_large_class_are_no_refused_part(tree, word, status, reason):
    (tree / "a.py").write_text(f"class A:\n    size = 1\n\n{METHODS}")
    source = read_source(tree / "a.py", max_bytes=1_000_000)
    request = RunRequest(instruction="Use other names.")

    def answer(prompt: str) -> str:
        code = prompt.partition("code:\n\n```python\n")[2].partition("\n```")[0]
        return f"```python\n{code.replace('b', word)}\n```"

    engine = _Scripted(Settings(), ())
    engine.use(ScriptedBackend(Reply(answer), context_length=600))
    async with contextlib.aclosing(engine):
        outcome = await rewrite(engine, request, source)

    assert status == outcome.status
    assert reason in (outcome.reason or "")


class _Scripted(Engine):
    def use(self, backend: ScriptedBackend) -> None:
        self._uses = dict.fromkeys(("completion", "chat"), Use(Gated(backend, self.gate.check)))
