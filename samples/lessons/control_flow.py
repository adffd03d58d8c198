"""A lecture's function with a loop and a branch: its derivative is that of the path taken.

    diff-compare samples/lessons/control_flow.py:f --at "a=0.3"

On each path f is a multiple of a, so that the derivative is f(a)/a: 1024 at 1, 4096 at 0.3, 512 at 3, and 102400 at -1.
"""

import numpy as np


def f(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if np.sum(b) > 0:
        return b
    return 100 * b
