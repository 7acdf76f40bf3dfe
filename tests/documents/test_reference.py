"""What the documents name of the Worker is in it, and what it counts and answers is in them."""

import re

from documents import ROOT

SOURCES = {path: path.read_text() for crate in ("gateway", "worker") for path in (ROOT / crate / "src").rglob("*.rs")}
CODE = "\n".join(SOURCES.values())


def page(name):
    return (ROOT / "docs" / name).read_text()


def test_the_metrics_are_the_workers():
    pages = "\n".join(page(path.name) for path in (ROOT / "docs").glob("*.md"))
    named = set(re.findall(r"\bsession_[a-z_]+_(?:total|seconds)\b", pages))
    counted = set(re.findall(r'"(session_[a-z_]+_(?:total|seconds))"', CODE))
    assert len(counted) > 8
    assert named - counted == set(), "no such metric"


def test_the_error_codes_are_the_apis():
    rows = re.search(r"\| status \| codes \|\n(.*?)\n\n", page("API.md"), re.DOTALL)[1]
    named = set(re.findall(r"`([a-z_]+)`", rows))
    answered = set()
    for path, function in [("refusal.rs", "code"), ("session_text.rs", "label")]:
        body = re.search(rf"fn {function}\(.*?\n    \}}\n", SOURCES[ROOT / "gateway/src" / path], re.DOTALL)[0]
        answered |= set(re.findall(r'=> "([a-z_]+)"', body))
    assert len(answered) > 20
    assert named == answered


def test_every_event_of_the_log_is_explained():
    """Name for name, so that an operator finds each line, and no line that is no more."""
    logged = set(re.findall(r'\blog::(?:warn|error|info)\(\s*"([a-z-]+)"', CODE))
    own = SOURCES[ROOT / "gateway/src/log.rs"].split("#[cfg(test)]")[0]
    logged |= set(re.findall(r'\b(?:line|write|warn)\(\s*(?:Level::\w+,\s*)?"([a-z-]+)"', own))
    logged |= set(re.findall(r'LostWrite::\w+ => "([a-z-]+)"', CODE))
    logged |= set(re.findall(r'"event": "([a-z-]+)"', CODE))
    # Only in the build that runs the contract of stores.
    logged -= {"conformance-background"}
    rows = re.search(r"\| `event` \| fields \| what to do \|\n(.*?)\n\n", page("WATCH.md"), re.DOTALL)[1]
    explained = re.findall(r"^\| `([a-z-]+)` \|", rows, re.MULTILINE)
    assert len(logged) > 25
    assert sorted(logged) == explained
