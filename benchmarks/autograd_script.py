"""The gradient alone by HIPS autograd, for a file of rows: python autograd_script.py FILE.jsonl."""

import json
import sys
from pathlib import Path

import autograd.numpy as np
from autograd import grad

KNOWN = {
    "pi": np.pi, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "ln": np.log, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "tanh": np.tanh, "asin": np.arcsin,
}  # fmt: skip

with Path(sys.argv[1]).open(encoding="utf-8") as lines:
    for line in lines:
        row = json.loads(line)
        source = f"lambda {', '.join(row['at'])}: {row['expr'].replace('^', '**')}"
        function = eval(source, dict(KNOWN))  # noqa: S307 - our own corpus
        print(row["id"], grad(function, tuple(range(len(row["at"]))))(*row["at"].values()))
