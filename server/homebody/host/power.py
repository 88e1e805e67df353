"""Whether this machine runs on its battery.

In: Linux's folder of power supplies. Out: yes or no; no if that cannot be determined, as on macOS and
Windows. Reads files, so call it in a thread.
Format: https://docs.kernel.org/power/power_supply_class.html
"""

from contextlib import suppress
from pathlib import Path

POWER_SUPPLIES = Path("/sys/class/power_supply")
"""Linux's folder of batteries and chargers."""

_CHARGERS = {"Mains", "USB", "Wireless"}


def is_on_battery(supplies: Path = POWER_SUPPLIES) -> bool:
    """Whether a battery of the machine is being discharged and no charger is connected."""
    found: list[Path] = []
    with suppress(OSError):
        found = sorted(supplies.iterdir())
    if any(_value(one, "type") in _CHARGERS and _value(one, "online") == "1" for one in found):
        return False
    # A mouse and a headset have batteries as well.
    batteries = [
        one for one in found if _value(one, "type") == "Battery" and _value(one, "scope") != "Device"
    ]
    return any(_value(one, "status") == "Discharging" for one in batteries)


def _value(supply: Path, name: str) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return (supply / name).read_text("ascii").strip()
    return ""
