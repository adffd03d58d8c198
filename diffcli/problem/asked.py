"""Which derivative a user asks for, as options say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffcli.core.derivative_kinds import Kind
from diffcli.problem.claim_texts import split_claim
from diffcli.problem.point import constant, flat
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.reading import check

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Asked:
    """What derivative a user asks for: at most one kind; `unit` scales a direction to length 1.

    `claims` are derivatives that someone claims, `x: 2*x*y`; then only the variables claimed are asked for. An
    empty text is a claim that was not handed in. `implicit` names the unknowns that equations are solved for.
    `notation` is that of the expression, where its marks do not tell it.
    """

    order: int = 1
    jvp: str | None = None
    vjp: str | None = None
    hvp: str | None = None
    unit: bool = False
    claims: tuple[str, ...] = ()
    implicit: tuple[str, ...] = ()
    notation: str | None = None

    @property
    def kind(self) -> Kind:
        """The kind of derivative; a gradient stands for the Jacobian of a vector as well."""
        if self.implicit:
            return "implicit"
        if self.hvp is not None or self.order == 2:
            return "hvp" if self.order == 1 else "hessian"
        return "derivative" if self.order > 2 else "gradient"

    @property
    def given(self) -> tuple[str, ...]:
        """The claims that were handed in."""
        return tuple(claim for claim in self.claims if split_claim(claim)[1])

    @property
    def vectors(self) -> dict[str, str]:
        """The vectors given, by the kind of derivative they belong to."""
        return {kind: text for kind in ("jvp", "vjp", "hvp") if (text := getattr(self, kind)) is not None}

    def check(self) -> None:
        """`DiffError` for what is wrong whatever the expression is."""
        if len(self.vectors) + (self.order != 1) + bool(self.implicit) > 1:
            hint = message("choose one of --jvp, --vjp, --hvp, --order and --implicit")
            raise DiffError(message("one derivative at a time"), hint=hint, kind="option")
        if self.unit and self.jvp is None:
            raise DiffError(
                message("--unit scales the direction of --jvp"), hint=message("write --jvp 3,4 --unit"), kind="option"
            )
        hint = message("write --order 2 for the Hessian, --order N for the N-th derivative")
        if self.order < 1:
            raise DiffError(
                message("--order {order}: an order is 1 or more", order=self.order), hint=hint, kind="option"
            )
        if self.order > HIGHEST:
            raise DiffError(
                message("--order {order}: the highest order is {most}", order=self.order, most=f"{HIGHEST:,}"),
                hint=hint,
                kind="option",
            )
        if self.claims and (self.vectors or self.order > 1 or self.implicit):
            raise DiffError(message("claims are for first derivatives"), hint=_UNCLAIMED, kind="claim")
        for kind, text in self.vectors.items():
            vector = numbers_in(f"--{kind}", text)
            if self.unit and not any(vector):
                raise DiffError(
                    message("--unit: the direction is zero"), hint=message("a direction has a length"), kind="option"
                )
        for claim in self.claims:
            if claim.strip():
                check(split_claim(claim)[1])


HIGHEST = 100_000
"""The highest order that is asked for: what is proved of it is a power series of as many terms, in memory at once."""

_UNCLAIMED = message("leave out --order, --jvp, --vjp, --hvp, --implicit")


def numbers_in(option: str, text: str) -> tuple[float, ...]:
    """`3,2,1` or `[3, 2, 1]`."""
    if not text.strip(" []"):
        raise DiffError(
            message("{option} has no numbers", option=option),
            hint=message("write them as {option} 3,2,1", option=option),
            kind="option",
        )
    return tuple(flat(constant(bracketed(text))))


def bracketed(text: str) -> str:
    return text if text.strip().startswith("[") else f"[{text}]"
