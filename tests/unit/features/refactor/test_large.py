"""Code that is larger than the context: part by part, or the places that an instruction names."""

from homebody.backend.scripted import ScriptedReply
from homebody.features.refactor import refactor, refine
from homebody.text import Document, Span, apply_edits

LONG = "".join(f"    value_{number} = {number}\n" for number in range(400))
FUNCTIONS = "".join(f"def f{number}(a):\n    b = a\n    return b * {number}\n\n\n" for number in range(40))


async def rewritten(w, code, instruction, *, language="python", places=None, **more):
    """Return the result for all of ``code``, or for its ``places``, and the new text."""
    document = Document.create("file:///a", language, 1, code)
    done = await refactor(w.engine, document, places or document.whole, instruction=instruction, **more)
    return done, apply_edits(code, done.edits)


async def test_large_code_is_rewritten_function_by_function(world):
    replies = [
        _reply(number, f"```python\ndef f{number}(a):\n    return a * {number}\n```") for number in range(40)
    ]
    parts = []
    async with world(*replies, context_length=700) as w:
        done, new = await rewritten(w, FUNCTIONS, "Shorter.", on_unit=lambda *numbers: parts.append(numbers))
        assert done.status == "changed"
        assert new == FUNCTIONS.replace("    b = a\n", "").replace("b *", "a *")
        assert parts == [(number, 40) for number in range(1, 41)]
        assert done.skipped == ()
        assert done.usage.output_tokens > 40


async def test_parts_that_fail_are_listed_and_the_others_are_offered(world):
    replies = [
        _reply(3, "```python\ndef f3(a:\n```"),
        _reply(4, "I would not change it."),
        _reply(5, "```python\ndef f5(a):\n    return a * 5\n```"),
    ]
    code = "".join(FUNCTIONS.partition("def f3")[1:]).partition("def f6")[0] + f"def long():\n{LONG}"
    async with world(*replies, context_length=700) as w:
        done, new = await rewritten(w, code, "Shorter.")
        assert done.status == "changed"
        assert "    return a * 5\n" in new
        assert [one.first_line for one in done.skipped] == [0, 5, 15]
        assert done.skipped[2].name == "long"
        assert "larger than the context" in done.skipped[2].reason


async def test_the_methods_of_a_large_class_are_rewritten_one_by_one(world):
    methods = "".join(f"    def m{n}(self):\n        b = {n}\n        return b\n\n" for n in range(30))
    code = f"class A:\n    size = 1\n\n{methods}"
    reply = ScriptedReply(_shorter)
    async with world(reply, context_length=600) as w:
        done, new = await rewritten(w, code, "Shorter.")
        assert new.count("        return ") == 30
        assert "b = " not in new
        assert new.startswith("class A:\n    size = 1\n\n    def m0(self):\n        return 0\n")
        assert done.skipped == ()


async def test_parts_that_need_the_same_import_add_it_once(world):
    functions = "".join(f"def f{n}(a):\n    b = a\n    return b * {n}\n\n\n" for n in range(12))
    code = f"import os\n\n\n{functions}"
    async with world(ScriptedReply(_with_import), context_length=600) as w:
        done, new = await rewritten(w, code, "Use math.")
        assert new.startswith("import os\nimport math\n\n\ndef f0(a):\n    return math.fabs(a)\n")
        assert new.count("import") == 2
        assert len(done.parts) == 13
        refined = await refine(done, "Again.")
        assert apply_edits(code, refined.edits) == new


async def test_several_places_are_one_result(world):
    code = FUNCTIONS.partition("def f4(")[0]
    replies = [_reply(2, "```python\ndef f2(a:\n```"), ScriptedReply(_function)]
    async with world(*replies, context_length=4_000) as w:
        spans = [
            Span(at, at) for at in (code.index("f3"), code.index("f0"), code.index("b * 0"), code.index("f2"))
        ]
        done, new = await rewritten(w, code, "Shorter.", places=spans)
        assert [line for line in new.split("\n") if "return" in line] == [
            *("    return a * 0", "    return b * 1", "    return b * 2", "    return a * 3")
        ]
        assert [(one.name, one.first_line) for one in done.skipped] == [("f2", 10)]


async def test_each_part_of_a_large_result_is_refined(world):
    wish = "Other names"
    replies = [
        ScriptedReply("```python\ndef f1(a:\n```", regex=rf"code:\n\n```python\ndef f1\(a\)[\s\S]*{wish}"),
        ScriptedReply(_renamed, contains=wish),
        ScriptedReply(_function),
    ]
    code = FUNCTIONS.partition("def f12(")[0]
    units = []
    async with world(*replies, context_length=700) as w:
        first, _ = await rewritten(w, code, "Shorter.")
        assert len(first.parts) == 12
        second = await refine(first, wish, on_unit=lambda *numbers: units.append(numbers))
        new = apply_edits(code, second.edits)
        returned = [line.split()[1] for line in new.split("\n") if "return" in line]
        assert returned == ["result", "a", *["result"] * 10]
        assert units == [(number, 12) for number in range(1, 13)]
        assert [one.first_line for one in second.skipped] == [5]
        third = await refine(second, wish)
        assert len(third.parts) == 12


def _reply(number, text):
    return ScriptedReply(text, regex=rf"This is the Python code:\n\n```python\ndef f{number}\(a\):[^`]*```")


def _function(prompt):
    number = prompt.rpartition("return b * ")[2].split("\n")[0]
    return f"```python\ndef f{number}(a):\n    return a * {number}\n```"


def _renamed(prompt):
    number = prompt.rpartition("return b * ")[2].split("\n")[0]
    return f"```python\ndef f{number}(a):\n    result = a\n    return result * {number}\n```"


def _shorter(prompt):
    code = prompt.partition("code:\n\n```python\n")[2].partition("\n```")[0]
    if "b = " not in code:
        return f"```python\n{code}\n```"
    number = code.rpartition("b = ")[2].split("\n")[0]
    return f"```python\ndef m{number}(self):\n    return {number}\n```"


def _with_import(prompt):
    code = prompt.partition("code:\n\n```python\n")[2].partition("\n```")[0]
    if code.startswith("import"):
        return f"```python\n{code}\n```"
    return f"```python\nimport math\n\n{code.splitlines()[0]}\n    return math.fabs(a)\n```"
