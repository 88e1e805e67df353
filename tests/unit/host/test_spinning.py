"""How long the threads of the embedded model spin while they wait for each other."""

import pytest

from homebody.host.run import limit_spinning


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"GOMP_SPINCOUNT": "300"}),
        ({"GOMP_SPINCOUNT": "1000"}, {"GOMP_SPINCOUNT": "1000"}),
        ({"OMP_WAIT_POLICY": "passive"}, {"OMP_WAIT_POLICY": "passive"}),
    ],
)
def test_threads_stop_spinning_soon_unless_the_user_has_chosen(before, after):
    """A number of rounds would take precedence over the user's policy."""
    limit_spinning(before)
    assert after == before
