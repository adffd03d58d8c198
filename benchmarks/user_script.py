"""The script that a user of SymPy would write for a file of rows: python user_script.py FILE.jsonl."""

import json
import sys
from pathlib import Path

from sympy import diff, lambdify, symbols, sympify

with Path(sys.argv[1]).open(encoding="utf-8") as lines:
    for line in lines:
        row = json.loads(line)
        names = {name: symbols(name) for name in row["at"]}
        expression = sympify(row["expr"], locals=names)
        gradient = [diff(expression, name) for name in names.values()]
        function = lambdify(list(names.values()), [expression, *gradient])
        print(row["id"], gradient, function(*row["at"].values()))
