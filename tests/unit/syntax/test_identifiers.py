"""Names around a cursor."""

from homebody.syntax.names import identifiers_near


def test_identifiers_near_come_nearest_first(at_cursor):
    text = "import far\n\n\ndef near(value):\n    # hidden\n    other = value + █'quoted'\n    return below\n"
    assert identifiers_near(*at_cursor("python", text)) == ("value", "other", "below", "near", "far")
    assert identifiers_near(*at_cursor("python", text), limit=2) == ("value", "other")
