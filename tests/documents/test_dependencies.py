"""docs/DEPENDENCIES.md and what is really depended on are the same, and it is little."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from documents import ROOT, table

PAGE = "docs/DEPENDENCIES.md"
# The codec's own crate counts.
MAX_CRATES = 40

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


def cargo(*arguments):
    done = subprocess.run(["cargo", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree(*options):
    """Names and versions of the crates that the codec is built from."""
    lines = cargo("tree", "--locked", "--package", "session-codec", "--prefix", "none", "--format", "{p}", *options)
    return {" ".join(line.split()[:2]) for line in lines.splitlines() if line}


@cache
def members():
    """Short names of the workspace's crates, and of fuzz/ beside it, and what each names: crate to kinds."""
    found = {}
    for package in json.loads(cargo("metadata", "--locked", "--no-deps", "--format-version", "1"))["packages"]:
        found[short(package["name"])] = (
            Path(package["manifest_path"]).parent,
            {dependency["name"] for dependency in package["dependencies"] if not own(dependency["name"])},
        )
    fuzz = ROOT / "fuzz/Cargo.toml"
    if fuzz.exists():
        names = tomllib.loads(fuzz.read_text())["dependencies"]
        found["fuzz"] = (fuzz.parent, {name for name in names if not own(name)})
    return found


def short(name):
    return name.removeprefix("edge-").removeprefix("session-")


def own(name):
    return name.startswith("session-") or name.startswith("edge-session")


def rows(heading):
    """The third column's reasons are there, the second one's names are given for each of the first."""
    listed = table(PAGE, heading)
    names = [name.strip("`") for name, _, _ in listed]
    assert names == sorted(set(names)), "not in order, or one twice"
    assert all(len(why) > 10 for _, _, why in listed), "a reason is missing"
    return {name.strip("`"): {part.strip() for part in named.split(",")} for name, named, _ in listed}


def assert_same(listed, found, what):
    lacking, surplus = sorted(found - listed), sorted(listed - found)
    assert not lacking, f"{PAGE} has no row for these {what}: {lacking}"
    assert not surplus, f"{PAGE} has rows for {what} that nothing depends on: {surplus}"


def test_every_crate_has_its_row():
    of_codec = {line.split()[0] for line in tree("--edges", "normal", "--all-features")} - {"session-codec"}
    direct = set().union(*(names for _, names in members().values()))
    assert_same(set(rows("crate")), of_codec | direct, "crates")


def test_the_rows_say_who_names_a_crate():
    wrong = {}
    for crate, named in rows("crate").items():
        by = {member for member, (_, names) in members().items() if crate in names}
        if named & set(members()) != by:
            wrong[crate] = sorted(by)
    assert wrong == {}, "these are named by others than their rows say"


def test_the_codec_takes_few_crates():
    by_default = tree("--edges", "normal")
    linked = tree("--edges", "normal,no-proc-macro", "--all-features")
    assert 20 < len(by_default) <= MAX_CRATES, sorted(by_default)
    assert 20 < len(linked) <= MAX_CRATES, sorted(linked)


@pytest.mark.parametrize("member", members())
def test_what_is_named_is_used(member):
    folder, names = members()[member]
    # Crates that lie inside of this one's folder, and what was built.
    others = [other for other, _ in members().values() if folder in other.parents] + [folder / "target"]
    sources = [path for path in folder.rglob("*.rs") if not any(other in path.parents for other in others)]
    text = "\n".join(path.read_text() for path in sources)
    unused = [name for name in names if not re.search(rf"\b{name.replace('-', '_')}\b", text)]
    assert unused == [], f"{member} names these and never uses them"


def test_every_version_of_the_workspace_is_asked_for():
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    asked = set().union(*(names for _, names in members().values()))
    assert {name for name in manifest["workspace"]["dependencies"] if not own(name)} - asked == set()


def test_every_npm_package_has_its_row():
    found = {}
    listed = ["git", "ls-files", "package.json", "**/package.json"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split():
        path = ROOT / name
        manifest = json.loads(path.read_text())
        for kind in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
            for name in manifest.get(kind, {}):
                found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    listed = {name: named for name, named in packages().items() if any(part.endswith(".json") for part in named)}
    assert_same(set(listed), set(found), "npm packages")
    assert listed == found


def test_every_python_package_has_its_row():
    found = {}
    for path in sorted((ROOT / "tests").rglob("*.txt")):
        for line in path.read_text().splitlines():
            if pinned := re.match(r"([A-Za-z0-9._-]+)==", line):
                found.setdefault(pinned[1], set()).add(str(path.relative_to(ROOT)))
    listed = {name: named for name, named in packages().items() if any(part.endswith(".txt") for part in named)}
    assert_same(set(listed), set(found), "Python packages")
    assert listed == found


def packages():
    """npm's and Python's: the tables have one heading, the files that name a package tell them apart."""
    return {name.strip("`"): {part.strip() for part in named.split(",")} for name, named, _ in table(PAGE, "package")}


def test_every_tool_has_its_row():
    setup = (ROOT / "scripts/setup.sh").read_text()
    found = set(re.findall(r"^\s+cargo_tool \S+ \S+ (\S+)", setup, re.MULTILINE))
    assert len(found) >= 3
    assert_same(set(rows("tool")), found, "tools")
