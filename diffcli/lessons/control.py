"""The function of the lesson on control flow: a loop and a branch.

    diff-compare diffcli.lessons.control:f --at a=0.3

On each path f is a multiple of a, so that its derivative is f(a)/a.
"""


def f(a: float) -> float:
    b = 2 * a
    while abs(b) < 1000:
        b = 2 * b
    if b > 0:
        return b
    return 100 * b
