"""Results as text where they are computed: what travels is what is written, and what the summary counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from diffcli.batch.rows import Result
from diffcli.batch.summary import Facts, facts
from diffcli.locale.language import set_language
from diffcli.reports.comparison import REPORTS, Report


class Written(NamedTuple):
    """A row of a batch: its text in each format asked for, and the facts for the summary."""

    texts: tuple[str, ...]
    facts: Facts


@dataclass(frozen=True)
class Writing:
    """What a worker makes of a result: the row's text in each of `formats`, in the language that is spoken at home."""

    formats: tuple[str, ...]
    language: str = "en"
    columns: tuple[str, ...] = ()

    def __call__(self, result: Result) -> Written:
        set_language(self.language)
        return Written(tuple([_report(name, self.columns).add(result) for name in self.formats]), facts(result))


@cache
def _report(name: str, columns: tuple[str, ...]) -> Report:
    return REPORTS[name].report(single=False, columns=columns)
