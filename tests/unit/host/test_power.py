"""Whether the machine runs on its battery, from a folder as Linux shows it."""

from pathlib import Path

import pytest

from homebody.host.machine import is_on_battery


def supplies(folder: Path, **found: dict[str, str]) -> Path:
    """Write a file for each value of each power supply."""
    for name, values in found.items():
        (folder / name).mkdir(parents=True)
        for key, value in values.items():
            (folder / name / key).write_text(f"{value}\n")
    return folder


_DISCHARGING = {"type": "Battery", "status": "Discharging"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"BAT0": _DISCHARGING}, True),
        ({"BAT0": _DISCHARGING, "AC": {"type": "Mains", "online": "0"}}, True),
        ({"BAT0": _DISCHARGING, "AC": {"type": "Mains", "online": "1"}}, False),
        ({"BAT0": _DISCHARGING, "ucsi": {"type": "USB", "online": "1"}}, False),
        ({"BAT0": {"type": "Battery", "status": "Charging"}}, False),
        ({"BAT0": {"type": "Battery", "status": "Full"}}, False),
        ({"BAT0": {"type": "Battery", "status": "Not charging"}, "BAT1": _DISCHARGING}, True),
        ({"mouse": {**_DISCHARGING, "scope": "Device"}}, False),
        ({"BAT0": {"type": "Battery"}}, False),
        ({}, False),
    ],
)
def test_a_machine_runs_on_battery_where_one_discharges_and_no_charger_is_connected(
    tmp_path, found, expected
):
    """The battery of a mouse does not count."""
    assert expected == is_on_battery(supplies(tmp_path / "power_supply", **found))


def test_a_machine_without_the_folder_does_not_run_on_battery(tmp_path):
    """On macOS, on Windows and in containers it is missing."""
    assert not is_on_battery(tmp_path / "missing")
