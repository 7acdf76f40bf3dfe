#!/usr/bin/env python3
"""Prints what `cargo bench -p session-codec` measured: the codec's time over the bare pipeline's,
beside the aims. Only ratios count: the times are of this machine at this hour.

    scripts/bench-summary.py [--markdown] [target folder]

A time is the least of criterion's samples, over all rounds saved with `--save-baseline round...`: other
work on the machine only ever adds. Leaves with 1 if an aim is missed, with 2 if there is nothing to
read."""

import base64
import json
import pathlib
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAYLOADS = ROOT / "codec" / "benches" / "payloads"

# Group, and the most that codec over bare may be (None: shown, not judged).
AIMS = {
    "sealed open": 1.2,
    "sealed seal": 1.15,
    "sealed forged": 1.3,
    "sealed unknown key": 1.3,
    "django open": 1.2,
    "django seal": 1.15,
    "django loads": 1.2,
    "django loads, 2 fallbacks": 1.2,
    "django dumps": 1.15,
    "django forged": 1.3,
    "django forged, 2 fallbacks": 1.3,
    "fit sealed": 2.5,
    "fit django": 2.5,
    "origin cookie made": 1.15,
    "origin cookie read": 1.2,
    "cookie and record opened": None,
}
# Characters of a sealed cookie's value.
LONGEST = {"s": 150, "m": 570, "l": None}
# A signed cookie over Django's own.
SIGNED_OVER_DJANGO = 1.01


def main() -> int:
    arguments = sys.argv[1:]
    markdown = "--markdown" in arguments
    folders = [argument for argument in arguments if argument != "--markdown"]
    target = pathlib.Path(folders[0]) if folders else ROOT / "target"
    times = read_times(target / "criterion")
    characters_file = target / "tmp" / "session-characters.json"
    if not times or not characters_file.is_file():
        print(f"nothing in {target}: run `cargo bench -p session-codec` first", file=sys.stderr)
        return 2
    rows = list(time_rows(times))
    table(("what", "session", "codec µs", "bare µs", "ratio", "aim", ""), rows, markdown)
    print()
    lengths = list(length_rows(json.loads(characters_file.read_text())))
    table(("cookie", "session", "characters", "Django's", "ratio", "aim", ""), lengths, markdown)
    return 1 if any(row[-1] == "missed" for row in rows + lengths) else 0


def read_times(criterion):
    """`{(group, session): {"codec": µs, "bare": µs}}`"""
    times = {}
    for file in [*criterion.glob("*/*/*/new/benchmark.json"), *criterion.glob("*/*/*/round*/benchmark.json")]:
        benchmark = json.loads(file.read_text())
        sample = json.loads((file.parent / "sample.json").read_text())
        least = min(time / runs for time, runs in zip(sample["times"], sample["iters"])) / 1000
        pair = times.setdefault((benchmark["group_id"], benchmark["value_str"]), {})
        pair[benchmark["function_id"]] = min(least, pair.get(benchmark["function_id"], least))
    return times


def time_rows(times):
    for group, aim in AIMS.items():
        of_group = [(key[1], pair) for key, pair in times.items() if key[0] == group]
        for session, pair in sorted(of_group, key=lambda item: (item[1].get("bare", 0), item[0])):
            if len(pair) < 2:
                continue
            ratio = pair["codec"] / pair["bare"]
            codec, bare = (f"{pair[side]:.2f}" for side in ("codec", "bare"))
            yield group, session, codec, bare, f"{ratio:.2f}", *judged(ratio, aim, "≤ {}")


def length_rows(characters):
    for session, count in characters["sealed"].items():
        yield "sealed", session, str(count), "", "", *judged(count, LONGEST[session], "≤ {} characters")
    for session, count in characters["signed"].items():
        django = django_length((PAYLOADS / f"{session}.json").read_bytes())
        ratio = count / django
        aim = judged(ratio, SIGNED_OVER_DJANGO, "≤ {}")
        yield "signed", session, str(count), str(django), f"{ratio:.3f}", *aim


def django_length(payload):
    """What `signing.dumps(compress=True)` writes: this is all there is to its length."""
    compressed = zlib.compress(payload)
    mark = len(compressed) < len(payload) - 1
    text = base64.urlsafe_b64encode(compressed if mark else payload).rstrip(b"=")
    return mark + len(text) + len(":1xxxxx:") + 43


def judged(figure, aim, form):
    if aim is None:
        return "", ""
    return form.format(aim), "met" if figure <= aim else "missed"


def table(head, rows, markdown):
    if markdown:
        print("| " + " | ".join(head) + " |")
        print("|" + " --- |" * len(head))
        for row in rows:
            print("| " + " | ".join(row) + " |")
        return
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
