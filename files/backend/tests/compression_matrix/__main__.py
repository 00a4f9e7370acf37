"""Print who does what: `python -m compression_matrix [--granian] [--why]`, with tests and src on PYTHONPATH."""

from __future__ import annotations

import argparse

from compression_matrix.cases import CASES, Case
from compression_matrix.middlewares import PEERS
from compression_matrix.table import problems

parser = argparse.ArgumentParser(prog="python -m compression_matrix", description=__doc__)
parser.add_argument("--granian", action="store_true", help="peers under granian too, not only uvicorn")
parser.add_argument("--why", action="store_true", help="say what is wrong, below the table")
arguments = parser.parse_args()

columns = [("ours", "uvicorn"), ("ours", "granian"), *((peer, "uvicorn") for peer in PEERS)]
if arguments.granian:
    columns += [(peer, "granian") for peer in PEERS]


def cell(case: Case, column: tuple[str, str]) -> str:
    """A peer is not judged by what is our choice."""
    if case.own and column[0] != "ours":
        return "-"
    return "NO" if found[column][case.name] else "ok"


found = {column: problems(column[1], column[0]) for column in columns}
width = max(len(case.name) for case in CASES)
print(" " * width, *(f"{middleware}/{server}" for middleware, server in columns), sep=" | ")
for case in CASES:
    cells = (cell(case, column) for column in columns)
    print(case.name.ljust(width), *(text.ljust(len("/".join(c))) for text, c in zip(cells, columns)), sep=" | ")
for column in columns:
    judged = [case.name for case in CASES if cell(case, column) != "-"]
    wrong = [name for name in judged if found[column][name]]
    print(f"{'/'.join(column)}: {len(judged) - len(wrong)} of {len(judged)}")
    if arguments.why:
        print(*(f"    {name}: {found[column][name]}" for name in wrong), sep="\n")
