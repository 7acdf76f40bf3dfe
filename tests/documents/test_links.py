"""Links between the documents lead somewhere; those that leave the project are not followed."""

from pathlib import PurePosixPath

import pytest
from documents import ROOT, anchors, links, paths


@pytest.mark.parametrize("path", paths())
def test_links_lead_somewhere(path):
    for line, target in links(path):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = target.partition("#")
        found = PurePosixPath(path) if not name else PurePosixPath(path).parent / name
        assert (ROOT / found).exists(), f"{path}:{line}: {target}"
        if fragment:
            assert fragment in anchors(found), f"{path}:{line}: {target}, of {sorted(anchors(found))}"
