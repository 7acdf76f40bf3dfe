"""Every fenced block is checked as far as its language goes: run, compiled, parsed, or refused for having none."""

import json
import os
import re
import sqlite3
import subprocess

import pytest
from documents import ROOT, snippets

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

SNIPPETS = list(snippets())
KEY = re.compile(r"es1_[A-Za-z0-9_-]{43}")


def command(*arguments, text):
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def shell(snippet):
    # What stands for a value of the reader's own, <like this>, is no redirection.
    command("bash", "-n", text=re.sub(r"<[a-z ]+>", "value", snippet.text))


def javascript(snippet):
    command("node", "--check", "--input-type=module", text=snippet.text)


def rust(snippet):
    """Run by `cargo test`, if the codec's documentation includes the file."""
    included = (ROOT / "codec/src/lib.rs").read_text()
    path = os.path.relpath(ROOT / snippet.path, ROOT / "codec/src")
    assert f'include_str!("{path}")' in included, "no doctest runs this"


def python(snippet):
    compile(snippet.text, str(snippet), "exec")


def json_values(snippet):
    """One value or several, or a member of an object by itself."""
    text = snippet.text.strip()
    if text.startswith('"'):
        text = f"{{{text}}}"
    while text:
        _, end = json.JSONDecoder().raw_decode(text)
        text = text[end:].lstrip()


def analytics(snippet):
    """Without the intervals, which are ClickHouse's, it runs over the columns of a dataset of Analytics Engine."""
    text = re.sub(r"toStartOfInterval\((\w+), INTERVAL '\d+' [A-Z]+\)", r"\1", snippet.text)
    text = re.sub(r"NOW\(\) - INTERVAL '\d+' [A-Z]+", "0", text)
    numbered = [f"{kind}{n}" for kind in ("blob", "double") for n in range(1, 21)]
    columns = ["timestamp", "_sample_interval", "index1", *numbered]
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE edge_session ({', '.join(columns)})")
        database.execute(text)


CHECKS = {
    "sh": shell,
    "bash": shell,
    "js": javascript,
    "mjs": javascript,
    "rust": rust,
    "python": python,
    "json": json_values,
    "sql": analytics,
    "toml": lambda snippet: tomllib.loads(snippet.text),
    "text": lambda snippet: None,
}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_a_snippet_is_what_it_says(snippet):
    assert snippet.language in CHECKS, f"{snippet}: {snippet.language or 'no language'}"
    CHECKS[snippet.language](snippet)


def one_liners():
    """The commands that make a key, wherever they are shown."""
    for path in sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")):
        for line in re.findall(r'echo "es1_\$\(.*?\)"', path.read_text()):
            yield pytest.param(line, id=path.name)


@pytest.mark.parametrize("line", list(one_liners()))
def test_the_line_that_makes_a_key_makes_one(line):
    # A few times: characters that need replacing are not in every key.
    run = ["sh", "-c", line]
    made = {subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() for _ in range(9)}
    assert len(made) == 9
    assert all(KEY.fullmatch(key) for key in made), made


def test_there_are_some_of_each():
    languages = {snippet.language for snippet in SNIPPETS}
    assert {"sh", "js", "json", "rust", "python"} <= languages, languages
    assert list(one_liners())
