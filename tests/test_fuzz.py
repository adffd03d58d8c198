"""The fuzzer's small part: a few cases of every area, the corpus of what was once found, and planted faults.

Campaigns are for `make fuzz`; `make fuzz FUZZ=--self-test` plants all faults.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from fuzz import AREAS, area, guarded
from fuzz.campaign import Campaign
from fuzz.commands import COMMANDS, VALUES, options
from fuzz.plants import PLANTS, Plant, cases_until_found
from fuzz.shrinking import shrunk
from hypothesis import given, settings
from hypothesis import strategies as st

CORPUS = sorted((Path(__file__).parent / "fuzz" / "corpus").glob("*.json"))
COUNTS = {"texts": 1500, "comparisons": 250, "batches": 60, "commands": 12}


@pytest.mark.parametrize("name", AREAS)
def test_the_first_cases_of_a_campaign_hold(name: str) -> None:
    campaign = Campaign(name)
    campaign.run(60, COUNTS[name])
    assert campaign.failures == [], campaign.report()


@given(st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_texts_that_hypothesis_draws(rng: Random) -> None:
    guarded(area("texts").check, area("texts").draw(rng))


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_what_was_found_is_mended(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    guarded(area(content["area"]).check, content["case"])


AFFORDABLE = ("a caret beside its place", "a wrong sign in accumulating adjoints", "a lost row")


@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant.name in AFFORDABLE], ids=lambda plant: plant.name)
def test_a_planted_fault_is_found(plant: Plant) -> None:
    assert cases_until_found(plant) is not None


def test_a_case_that_fails_is_made_smaller() -> None:
    plant = next(plant for plant in PLANTS if plant.name == "a crash for empty input")
    with plant.planted():
        case = shrunk({"text": "  \n \t "}, area("texts").check, "crash IndexError")
    assert case == {"text": ""}


def test_no_option_is_forgotten() -> None:
    """Every option of every command has values here; one that is new gets words until it does."""
    from fuzz.commands import parameters

    drawn = {
        opt
        for name in COMMANDS
        for p in parameters(name)
        if p.opts[0][0] == "-" and not p.is_flag
        for opt in [max(p.opts, key=len)]
    }
    assert drawn <= set(VALUES), drawn - set(VALUES)
    assert all(options(name) for name in COMMANDS)
