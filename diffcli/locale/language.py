"""The language of screens: English stands in the code, translations in gettext's catalogues beside this file.

    tr("{count} operation", "{count} operations", count=3)

gives the sentence in the language that is spoken, its {places} filled in. What programs
read (JSON, CSV) is never translated. A message that was made elsewhere knows its template
and its values, and is said again from these: nothing is read back from a finished text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.runtime.messages import AND, Message

if TYPE_CHECKING:
    from gettext import NullTranslations

LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}
"""What pages and pictures say their language is: fonts are chosen by it."""
VARIABLE = "DIFF_COMPARE_LANG"

_spoken: ContextVar[str] = ContextVar("language", default="en")


def set_language(language: str) -> None:
    """Use this language from now on."""
    _spoken.set(language)


def language() -> str:
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """For a while, or by decoration for a function: what programs read is English."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def preferred(by_locale: bool = True) -> str:
    """The language that the environment asks for: by our own variable, or by the locale."""
    names = (VARIABLE, *(("LC_ALL", "LC_MESSAGES", "LANG") if by_locale else ()))
    asked = next((value for name in names if (value := os.environ.get(name))), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def tr(template: str, plural: str | None = None, /, *, context: str | None = None, **values: Any) -> str:
    """A template in the language that is spoken, its {places} filled in; messages among the values are translated.

    `plural` is the template where `count` is not 1. `context` tells apart what English calls by one word.
    """
    if language() == "en":
        chosen = template if plural is None or values["count"] == 1 else plural
        return chosen.format(**values) if values else chosen
    text = _filled(_translation(template, plural, values.get("count"), context), values)
    return re.sub(_BETWEEN_CHINESE, "", text) if values else text


def translate_message(text: Message | str | None) -> str:
    """A message in the language that is spoken; other text as it is."""
    if language() == "en" or not isinstance(text, Message):
        return text or ""
    template, values = text.template, text.values
    if not isinstance(values, Mapping):
        return _translation(template).join(str(_shown(value)) for value in values) if values else _translation(template)
    return _filled(_translation(template, text.plural, values.get("count")), values)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    if not values:
        return template
    return template.format(**{name: _shown(value) for name, value in values.items()})


def _shown(value: Any) -> Any:
    return translate_message(value) if isinstance(value, Message) else value


_BETWEEN_CHINESE = "(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"
"""Blanks stand around what is not Chinese only. Patterns are compiled when Chinese is spoken, not at every start."""


def _translation(template: str, plural: str | None = None, count: Any = None, context: str | None = None) -> str:
    """What the catalogue has for a template; the template itself where it has nothing."""
    if not template:  # under the empty text a catalogue says of itself what it is
        return template
    catalogue = _catalogue(language())
    if plural is not None:
        return catalogue.ngettext(template, plural, count)
    return catalogue.gettext(template) if context is None else catalogue.pgettext(context, template)


@cache
def _catalogue(language: str) -> NullTranslations:
    """The compiled translations of a language; none of them where they have not been compiled."""
    from gettext import translation

    return translation("diffcli", Path(__file__).parent, [language], fallback=True)


def listed(names: Sequence[str], template: str = AND) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return tr(template, first=tr(", ").join(first), last=last) if first else last


def join(sentences: Sequence[str]) -> str:
    """Sentences one after the other: with blanks in English, without in Chinese."""
    return ("" if language() == "zh" else " ").join(sentences)


def begun(sentence: str) -> str:
    """With a capital, where the language has them; names of methods are no words of Chinese."""
    return sentence if language() == "zh" else sentence[:1].upper() + sentence[1:]
