"""A whole process that reads points and sums value and gradient: points_script.py CONTENDER FORMULA FILE.npy."""

import sys

import numpy as np
from formulas import CONTENDERS, FORMULAS

contender, formula, file = sys.argv[1:]
columns = list(np.load(file).T.copy())
for column in CONTENDERS[contender][0](FORMULAS[formula])(columns):
    print(float(column.sum()))
