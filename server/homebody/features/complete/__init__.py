"""Complete: ghost text at the cursor.

Follow one completion in this order: ``flow`` (the steps), ``request`` (what to request), ``wait`` (an answer
in flight), ``ask`` (``plan_inputs``, ``plan``, ``new_window``, ``prompt``, ``read_ahead``), ``learn``.
``pause`` is the work between two requests.
"""

from homebody.features.complete.flow import Selected, complete
from homebody.features.complete.pause import prepare, prepare_once
from homebody.features.complete.request import Completion, Trigger

__all__ = ["Completion", "Selected", "Trigger", "complete", "prepare", "prepare_once"]
