"""What docs/OPERATING.md names is in the Worker, and what the Worker counts and answers is in it."""

import re

from documents import ROOT

PAGE = (ROOT / "docs/OPERATING.md").read_text()
SOURCES = {path: path.read_text() for path in (ROOT / "worker/src").rglob("*.rs")}
CODE = "\n".join(SOURCES.values())


def test_the_metrics_are_the_workers():
    named = set(re.findall(r"\bsession_[a-z_]+_(?:total|seconds)\b", PAGE))
    counted = set(re.findall(r'"(session_[a-z_]+_(?:total|seconds))"', CODE))
    assert len(counted) > 8
    assert named - counted == set(), "no such metric"


def test_the_error_codes_are_the_apis():
    rows = re.search(r"\| status \| codes \|\n(.*?)\n\n", PAGE, re.DOTALL)[1]
    named = set(re.findall(r"`([a-z_]+)`", rows))
    answered = set()
    for path, function in [("api/refusal.rs", "code"), ("session_text.rs", "label")]:
        body = re.search(rf"fn {function}\(.*?\n    \}}\n", SOURCES[ROOT / "worker/src" / path], re.DOTALL)[0]
        answered |= set(re.findall(r'=> "([a-z_]+)"', body))
    assert len(answered) > 20
    assert named == answered


def test_the_defaults_are_the_workers():
    """Where the page says: setting, default."""
    read = r'parsed\(\s*"([A-Z_]+)",\s*(?:"([^"]*)"|r#"(.*?)"#)'
    given = {name: raw or text for name, text, raw in re.findall(read, CODE)}
    said = dict(re.findall(r"^\| `([A-Z_]+)` \| `([^`]+)`(?: \([^)]*\))? \|", PAGE, re.MULTILINE))
    both = given.keys() & said.keys()
    assert len(both) > 15, sorted(both)
    assert {name: said[name] for name in both} == {name: given[name] for name in both}
