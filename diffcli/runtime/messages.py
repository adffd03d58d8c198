"""Messages: finished English sentences that remember what they were made of.

    message("the variable {name} has no value", name="x")

is the text `the variable x has no value`, and keeps its template and its values, so
that a screen in another language can say it again: by the template's translation and
the values', where these are messages themselves. Nothing is ever read back from a
finished sentence. Rooms that know no language make their reasons so; what programs
read gets the text, which is English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

AND = "{first} and {last}"
OR = "{first} or {last}"


class Message(str):
    """A text, equal to the plain one, with the template it was made from and its values by place.

    `plural` is the template where `count` among the values is not 1. Values that are a sequence are parts, and the
    template is what stands between them: `Message("; ", (one, other))`.
    """

    __slots__ = ("plural", "template", "values")
    template: str
    values: Mapping[str, Any] | Sequence[Any]
    plural: str | None

    def __new__(
        cls, template: str, values: Mapping[str, Any] | Sequence[Any] = (), plural: str | None = None
    ) -> Message:
        if not values:
            text = template
        elif isinstance(values, Mapping):
            text = (template if plural is None or values["count"] == 1 else plural).format(**values)
        else:
            text = template.join(map(str, values))
        made = super().__new__(cls, text)
        made.template, made.values, made.plural = template, values, plural
        return made

    def __str__(self) -> str:
        """Itself: `str` of an exception whose text is a message is the message."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (self.template, self.values, self.plural)


def message(template: str, plural: str | None = None, /, **values: Any) -> Message:
    """The sentence that a template and its values make.

    >>> message("{count} point", "{count} points", count=2)
    '2 points'
    """
    kept = {name: value if isinstance(value, str | int | float) else str(value) for name, value in values.items()}
    return Message(template, kept, plural)


def message_of(error: BaseException) -> Message:
    """What an exception says; what others raise is said as it is."""
    text = str(error)
    return text if isinstance(text, Message) else Message(text)


def parts(messages: Iterable[Any], between: str = "; ") -> Message:
    """Several as one: `a; b`.

    >>> parts(["a", "b"])
    'a; b'
    """
    found = list(messages)
    return found[0] if len(found) == 1 and isinstance(found[0], Message) else Message(between, found)


def shortened(names: Sequence[str], most: int = 12) -> Message:
    """The first of many names.

    >>> shortened("abcd", most=3)
    'a, b, c, …'
    """
    return parts([*names[:most], "…"] if len(names) > most else names, ", ")


def listing(names: Iterable[Any], template: str = AND) -> Message:
    """`a`, `a and b`, `a, b and c`.

    >>> listing("abc")
    'a, b and c'
    """
    *first, last = names
    return message(template, first=parts(first, ", "), last=last) if first else parts([last])
