"""Every row of docs/PITFALLS.md names tests that are there, or says why there is none."""

import re

import pytest
from documents import ROOT, table

ROWS = table("docs/PITFALLS.md", "what happened")


def named_in(cell):
    """(file, name) of each test in a cell: a file, then names, all in backquotes."""
    path = None
    for text in re.findall(r"`([^`]+)`", cell):
        if "/" in text or text == "deny.toml":
            path = text
        else:
            yield path, text


def is_there(path, name):
    source = (ROOT / path).read_text()
    if path.endswith(".rs"):
        return bool(re.search(rf"\b(fn {re.escape(name)}\b|{re.escape(name)}!)", source))
    return any(f"{quote}{name}{quote}" in source for quote in "'\"`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_names_tests_that_are_there(row):
    what, here, cell = row
    assert len(what) > 20 and len(here) > 20
    named = list(named_in(cell))
    assert named or "No test: " in here, "neither a test nor a reason"
    for path, name in named:
        assert path, f"{name}: in which file?"
        assert (ROOT / path).exists(), path
        assert is_there(path, name), f"{path} has no {name}"


def test_all_rows_are_found():
    assert len(ROWS) >= 29
    assert sum(len(list(named_in(cell))) for _, _, cell in ROWS) > 70
