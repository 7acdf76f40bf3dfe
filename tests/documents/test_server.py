"""docs/SERVER.md tells what the native server logs and counts."""

import re

from documents import ROOT, table

PAGE = "docs/SERVER.md"


def sources():
    return "\n".join(path.read_text() for path in (ROOT / "server/src").rglob("*.rs"))


def test_every_log_line_has_its_row():
    calls = re.findall(r"tracing::(?:debug|info|warn|error)!\((.*?)\);", sources(), re.S)
    calls += re.findall(r"=> tracing::(?:debug|info|warn|error)!\((.*?)\),\n", sources())
    logged = {re.findall(r'"(\w+)"', call)[-1] for call in calls}
    listed = [name.strip("`") for name, _ in table(PAGE, "line")]
    assert listed == sorted(logged)


def test_every_number_has_its_row():
    counted = set(re.findall(r'\.register\(\s*"(\w+)"', sources()))
    text = (ROOT / PAGE).read_text()
    assert len(counted) > 5
    assert [name for name in sorted(counted) if f"_{name}" not in text] == []
