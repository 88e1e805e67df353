"""Complete: ghost text at the cursor.

Follow one completion in ``flow`` (the steps of a request), ``plan`` (which window its prompt has) and
``reader`` (what is read between requests).
"""

from homebody.features.complete.flow import Selected, complete, prepare, prepare_once
from homebody.features.complete.request import Completion, Trigger

__all__ = ["Completion", "Selected", "Trigger", "complete", "prepare", "prepare_once"]
