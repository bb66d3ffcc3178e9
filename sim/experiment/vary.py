"""`--vary path=a..b:step`: the values that one parameter takes."""

import re
from collections.abc import Sequence
from decimal import Decimal

from sim import units
from sim.errors import UsageError

_VALUE = re.compile(r"\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
MOST = 1000


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """(path, values). `path=4..32:4`, `path=50/s..200/s:25/s`, `path=a,b,c`. Raises UsageError."""
    path, equals, values = text.partition("=")
    if not equals or not path.strip() or not values.strip():
        msg = f"--vary {text}: write path=a..b:step, such as services.db.slots=4..32:4, or path=a,b,c"
        raise UsageError(msg)
    if ".." not in values:
        return path.strip(), tuple(v.strip() for v in values.split(","))
    ends, colon, step = values.partition(":")
    first, _, last = ends.partition("..")
    a, b, s = _VALUE.fullmatch(first), _VALUE.fullmatch(last), _VALUE.fullmatch(step)
    if not colon or a is None or b is None or s is None:
        msg = f"--vary {text}: write path=a..b:step with three numbers, such as 50/s..200/s:25/s"
        raise UsageError(msg)
    found = {m[2] for m in (a, b, s) if m[2]}
    if len(found) > 1:
        msg = f"--vary {text}: the three values need the same unit; here are {', '.join(sorted(found))}"
        raise UsageError(msg)
    unit = found.pop() if found else ""
    low, high, by = Decimal(a[1]), Decimal(b[1]), Decimal(s[1])
    if by <= 0 or high < low:
        msg = f"--vary {text}: the step is above 0 and b at least a"
        raise UsageError(msg)
    count = int((high - low) / by) + 1
    if count > MOST:
        msg = f"--vary {text}: {count} values are more than {MOST}"
        raise UsageError(msg)
    return path.strip(), tuple(f"{_plain(low + i * by)}{unit}" for i in range(count))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def magnitudes(values: Sequence[str]) -> list[float] | None:
    """Where the values lie on an axis: seconds, per second, shares or plain numbers.

    None if they are not all of one kind: names, or a mapping.
    """
    for read in (units.duration_ns, units.rate_per_s, units.share, float):
        try:
            return [float(read(value)) for value in values]
        except ValueError:
            continue
    return None


def seeds(text: str) -> tuple[int, ...]:
    """`1..20`, `1,2,5` or `7`. Raises UsageError."""
    out: list[int] = []
    try:
        for part in text.split(","):
            first, dots, last = part.partition("..")
            out += range(int(first), int(last) + 1) if dots else [int(first)]
    except ValueError as error:
        msg = f"--seeds {text}: write 1..20 or 1,2,5"
        raise UsageError(msg) from error
    if not out or len(set(out)) != len(out) or min(out) < 0:
        msg = f"--seeds {text}: seeds are different whole numbers from 0 on, such as 1..20"
        raise UsageError(msg)
    return tuple(out)
