"""The documents of this project: their fenced blocks, links, headings and tables."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Snippet:
    """One fenced block."""

    path: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}"


def paths():
    """Every Markdown file under version control, or about to be."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted(name for name in names if name and (ROOT / name).exists())


def tokens(path):
    return MARKDOWN.parse((ROOT / path).read_text())


def snippets():
    for path in paths():
        for token in tokens(path):
            if token.type == "fence":
                yield Snippet(path, token.map[0] + 1, token.info.split(" ")[0].split(",")[0], token.content)


def links(path):
    """Targets of links, and where they stand."""
    for token in tokens(path):
        for child in token.children or []:
            if child.type == "link_open":
                yield token.map[0] + 1, child.attrs["href"]


def anchors(path):
    """The fragments that its headings can be linked by, as GitHub makes them."""
    found = set()
    for opened, inline in zip(tokens(path), tokens(path)[1:]):
        if opened.type == "heading_open":
            text = "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))
            found.add(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
    return found


def table(path, first_column):
    """The rows of the table whose first heading is `first_column`, each a list of texts as they are written."""
    rows, inside, heading = [], False, False
    for token in tokens(path):
        if token.type == "thead_open":
            heading, cells = True, []
        elif token.type == "tr_open":
            cells = []
        elif token.type == "inline" and token.level >= 3:
            cells.append(token.content)
        elif token.type == "tr_close":
            if heading:
                inside, heading = cells[0] == first_column, False
            elif inside:
                rows.append(cells)
        elif token.type == "table_close":
            inside = False
    assert rows, f"{path} has no table of {first_column!r}"
    return rows
