"""The methods under comparison, in the order in which they are shown.

Each is one file with one function, `differentiate(problem) -> Derivation`; its
module is imported when it is first used, so that a run without SymPy never
pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from diffcli.core.derivative_kinds import FIRST_ORDER, KINDS, SECOND_ORDER, Kind
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    from diffcli.problem.derivation import Derivation, Problem

    Differentiate = Callable[[Problem], Derivation]


class Method(NamedTuple):
    """A way to differentiate: `module` holds the `function`; `summary` is one line for --help.

    It can find the derivatives in `kinds`, and is what is compared for those in `usual` when no method is named.
    An `apart` method may be slow or hang (SymPy): where a time limit must hold, it runs in a process of its own.
    What a `generic` method derives for a program is the same for other literals and names, but for these.
    A peer `needs` a library that may not be installed. What it `reads` besides the problem: the table of `rules`
    of derivatives, or the `step` of a difference.
    """

    module: str
    summary: str
    kinds: tuple[Kind, ...] = KINDS
    usual: tuple[Kind, ...] = ()
    apart: bool = False
    function: str = "differentiate"
    generic: bool = False
    needs: str | None = None
    reads: Literal["rules", "step"] | None = "rules"

    @property
    def available(self) -> bool:
        """Whether the library it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None

    def load(self) -> Differentiate:
        return cast("Differentiate", getattr(import_module(self.module), self.function))


_NESTED: tuple[Kind, ...] = (*FIRST_ORDER, "derivative")
_ROOM = "diffcli.methods."
_TWICE = SECOND_ORDER, SECOND_ORDER
_FIRST_TWO = (*FIRST_ORDER, *SECOND_ORDER)
_BY_VALUES: tuple[Kind, ...] = ("gradient", "jacobian", "jvp", "implicit")


def _difference(function: str, summary: str) -> Method:
    return Method(f"{_ROOM}differences", summary, _BY_VALUES, function=function, reads="step")


# fmt: off
METHODS: dict[str, Method] = {
    "symbolic": Method(f"{_ROOM}symbolic", message("SymPy's derivative, shared subexpressions once"),
                       usual=KINDS, apart=True, reads=None),
    "forward":  Method(f"{_ROOM}forward", message("dual numbers, one sweep per variable"), usual=_NESTED, generic=True),
    "reverse":  Method(f"{_ROOM}reverse", message("a tape, one forward and one backward sweep"),
                       usual=FIRST_ORDER, generic=True),
    "forward-over-forward": Method(f"{_ROOM}forward_over_forward", message("duals of duals"), *_TWICE),
    "forward-over-reverse": Method(f"{_ROOM}forward_over_reverse",
                                   message("duals through the tape's program"), *_TWICE),
    "reverse-over-forward": Method(f"{_ROOM}reverse_over_forward", message("a tape of the duals' program"), *_TWICE),
    "taylor":   Method(f"{_ROOM}taylor", message("Taylor arithmetic, all orders at once"),
                       ("derivative",), ("derivative",)),
    "forward-difference":  _difference("forward_difference", "(f(x+h) - f(x))/h"),
    "backward-difference": _difference("backward_difference", "(f(x) - f(x-h))/h"),
    "central-difference":  _difference("central_difference", "(f(x+h) - f(x-h))/2h"),
    "five-point":   _difference("five_point",
                                message("central differences over h and 2h, of order 4")),
    "richardson":   _difference("richardson",
                                message("central differences over h, 2h and 4h, extrapolated to order 6")),
    "complex-step": Method(f"{_ROOM}complex_step", message("Im f(x + ih)/h, nothing subtracted"),
                           _BY_VALUES, reads="step"),
    "jax":      Method("diffcli.methods.peers.jax", message("JAX, without compilation"), _FIRST_TWO,
                       needs="jax", reads=None),
    "torch":    Method("diffcli.methods.peers.torch", "PyTorch", _FIRST_TWO, needs="torch", reads=None),
    "autograd": Method("diffcli.methods.peers.autograd", "HIPS autograd", _FIRST_TWO, needs="autograd", reads=None),
    "casadi":   Method("diffcli.methods.peers.casadi", "CasADi", _FIRST_TWO, needs="casadi", reads=None),
}
# fmt: on


def usual(kind: Kind) -> tuple[str, ...]:
    """The methods that are compared for a kind of derivative when none is named."""
    return tuple(name for name, method in METHODS.items() if kind in method.usual)
