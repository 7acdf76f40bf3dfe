"""The layers that docs/DESIGN.md tells are those of the code."""

import re

import pytest
from documents import ROOT

PAGE = "docs/DESIGN.md"
PLATFORM = re.compile(r"\b(?:worker|web_sys|js_sys|wasm_bindgen)(?:::|\b(?=;| as ))")
# With the feature `javascript` the engine spells floats.
SPELLS_FLOATS = "codec/src/text/json/number/engine_digits.rs"


def layers():
    """Of each crate the layers, the highest first."""
    text = (ROOT / PAGE).read_text()
    found = {}
    for heading, rest in re.findall(r"^### Layers of `(\w+)`\n(.*?)(?=^#|\Z)", text, re.M | re.S):
        rows = re.findall(r"^\| (`[^|]*`) \|", rest, re.M)
        found[heading] = [re.findall(r"`(\w+)`", row) for row in rows]
    return found


def sources(crate):
    """The Rust files of a crate without its tests: path and code, without comments."""
    for path in sorted((ROOT / crate / "src").rglob("*.rs")):
        parts = path.relative_to(ROOT / crate / "src").parts
        if not {"tests", "tests.rs", "schedules", "schedules.rs"} & set(parts):
            code = re.split(r"#\[cfg\(test\)\]\n(?:pub )?mod tests? ?\{", path.read_text())[0]
            yield path, parts[0].removesuffix(".rs"), re.sub(r"//.*", "", code)


def used(code):
    """The modules of its own crate that a file names."""
    names = set(re.findall(r"\bcrate::(\w+)", code))
    for body in re.findall(r"\bcrate::\{(.*?)\};", code, re.S):
        while re.search(r"\{[^{}]*\}", body):
            body = re.sub(r"\{[^{}]*\}", "", body)
        names |= {match for match in re.findall(r"(?:^|,)\s*(\w+)", body)}
    return names


@pytest.mark.parametrize("crate", layers())
def test_a_module_uses_none_above_it(crate):
    rank = {name: row for row, names in enumerate(layers()[crate]) for name in names}
    modules = {module for _, module, _ in sources(crate)} - {"lib", "main"}
    assert modules == set(rank), f"{PAGE} has every module of {crate} once"
    above = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, module, code in sources(crate)
        for name in used(code) & modules
        if module not in ("lib", "main") and rank[name] < rank[module]
    }
    assert above == set()


@pytest.mark.parametrize("crate", ["codec", "store", "gateway"])
def test_only_the_worker_names_the_platform(crate):
    named = [str(path.relative_to(ROOT)) for path, _, code in sources(crate) if PLATFORM.search(code)]
    assert [path for path in named if path != SPELLS_FLOATS] == []


def test_nobody_uses_the_worker():
    crates = ["codec", "store", "gateway", "server", "pkg", "tests", "proof", "proof/guest", "fuzz"]
    users = [crate for crate in crates if "session-worker" in (ROOT / crate / "Cargo.toml").read_text()]
    assert users == []
    lower = {"codec": ["session-store", "session-gateway"], "store": ["session-gateway"]}
    for crate, above in lower.items():
        text = (ROOT / crate / "Cargo.toml").read_text()
        assert not any(name in text for name in above), crate
