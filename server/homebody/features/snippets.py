"""Code from elsewhere that may help at the cursor, best first.

In: session, document, offset. Out: candidates for ``context``; found in pauses only.
"""

from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document


async def find_candidates(session: Session, document: Document, offset: int) -> list[Candidate]:
    """Return places that were edited or looked at lately, the newest first."""
    if not session.engine.settings.context.snippets:
        return []
    return session.recent.candidates()
