"""A process that runs rows on demand: a line of JSON asks, a line of JSON answers.

    python -m tests.bench.engines.host

One process for all but those whose packages do not bear each other: Cimba and our compiled engine both teach numba
attributes of records.
"""

import contextlib
import gc
import json
import sys
import time
from functools import cache
from typing import Any

from tests.bench.engines.rows import Result, prepared

prepared_once = cache(prepared)


def measure(row: str, model: str, size: int, seed: int) -> Result:
    """Run once."""
    run, read = prepared_once(row, model, size)
    gc.collect()
    gc.freeze()  # collecting the garbage of this run does not look at what others left
    began = time.process_time()
    given = run(seed)
    took = time.process_time() - began
    gc.unfreeze()
    visits, waits = read(given)
    return Result(visits, took, tuple(waits))


def digest(model: str, size: int, seed: int) -> list[str]:
    """Of the records of both engines."""
    from tests.bench.engines import ours
    from tests.bench.engines.rows import ENGINES

    return [ours.digest(prepared_once(engine, model, size)[0](seed)) for engine in ENGINES]


def where() -> list[tuple[str, float]]:
    """Nanoseconds of an attempt by part."""
    from tests.bench.engines import where

    return where.breakdown()


def main() -> None:
    """Until nobody asks any more."""
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # what a package prints is no answer
        for line in sys.stdin:
            asked: dict[str, Any] = json.loads(line)
            what = {"measure": lambda **a: vars(measure(**a)), "digest": digest, "where": where}[
                asked.pop("do")
            ]
            answers.write(json.dumps(what(**asked)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
