"""Imports outside of the window are kept before it; they are searched in pauses."""

from homebody.features.complete import complete, prepare_once
from homebody.text import Span, TextEdit
from support.documents import at

_LINES = "".join(f"    total = total + {n}\n" for n in range(300))
_IMPORTS = """\
import os
from shop.prices import (
    with_tax,
)
import unused_one
import unused_two
"""
_SOURCE = f"""{_IMPORTS}
try:
    import fast
except ImportError:
    fast = None


def checkout(total):
{_LINES}    return with_tax(█
"""


async def test_imports_above_the_window_are_kept_and_listed(world):
    async with world("total)\n", context_length=576) as w:
        document, offset = at(_SOURCE)
        await complete(w.engine, document, offset)
        [request] = w.asked
        text = request.prompt.text
        assert text.startswith("from shop.prices import (\n    with_tax,\n)\n")
        assert text.index("with_tax,") < text.index("def checkout(total):\n") < text.index("total + 299")
        assert "import fast" not in text
        record = w.engine.audit.last()
        assert ("import", 1, 3) in {(s.why, s.first_line, s.last_line) for s in record.sources}


async def test_lines_that_moved_since_the_pause_are_left_out(world):
    async with world("total)\n", context_length=512) as w:
        document, offset = at(_SOURCE)
        await prepare_once(w.session, document, offset)
        state = w.session.document_state(document.uri)
        assert len(state.windows.imports_in(document)) == 4
        edited = document.edited(TextEdit(Span(0, 0), "# New.\n"), 2)
        assert state.windows.imports_in(edited) == []
