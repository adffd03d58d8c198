"""`make fuzz`: a campaign, bounded in time, with a stated seed; failures are made smaller and kept in `corpus/`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fuzz import AREAS, area
from fuzz.campaign import Campaign

CORPUS = Path(__file__).parent / "corpus"


def main(words: list[str] | None = None) -> int:
    asked = _asked(words)
    failures = 0
    with _covered(asked.coverage):
        if asked.self_test:
            return _self_test(asked.seconds)
        names = asked.only.split(",")
        total = sum(area(name).share for name in names)
        for name in names:
            seconds = asked.seconds * area(name).share / total
            campaign = Campaign(name, asked.seed, asked.start)
            campaign.run(seconds, asked.count, corpus=CORPUS)
            sys.stdout.write(campaign.report())
            failures += len(campaign.failures)
    return 1 if failures else 0


def _asked(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all areas together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the number of the first case: a campaign goes on")
    parser.add_argument("--count", type=int, default=None, help="the most cases an area")
    parser.add_argument("--only", default=",".join(AREAS), help="areas, with commas between")
    parser.add_argument("--coverage", action="store_true", help="lines reached, where `coverage` is installed")
    parser.add_argument("--self-test", action="store_true", help="plant faults, and see that each is found")
    return parser.parse_args(words)


@contextmanager
def _covered(asked: bool) -> Iterator[None]:
    if not asked or find_spec("coverage") is None:
        if asked:
            sys.stdout.write("coverage is not installed: no lines are counted\n")
        yield
        return
    import coverage

    watch: Any = coverage.Coverage(source_pkgs=["diffcli"], data_file=None)
    watch.start()
    yield
    watch.stop()
    sys.stdout.write(f"lines reached: {watch.report(file=open('/dev/null', 'w')):.1f} %\n")  # noqa: PTH123, SIM115


def _self_test(seconds: float) -> int:
    from fuzz.plants import PLANTS, cases_until_found

    missed = 0
    for plant in PLANTS:
        begun = time.monotonic()
        count = cases_until_found(plant, seconds)
        missed += count is None
        said = "not found" if count is None else f"found by case {count}"
        sys.stdout.write(f"{plant.name}: {said} ({time.monotonic() - begun:.1f} s)\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
