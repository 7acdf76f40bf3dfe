#!/usr/bin/env python3
"""Make a compression dictionary from sample sessions.

    scripts/train-dictionary.py samples.jsonl > my.dict

One sample a line: a session as JSON, as your application stores it (an object; key order counts).
100 samples or more, of all kinds of visitors. The dictionary goes to standard output, the figures
to standard error. Every fourth sample is held out: it is not learned from, only judged by.

What is learned is public (it is part of the program, and anyone can tell from a cookie's length
whether a guess is in it): use made-up or anonymised samples. A word that occurs in fewer than
three samples is not learned.

Python 3.9 or later, standard library only.
"""
import argparse
import json
import re
import sys
import zlib
from collections import Counter

TOKEN = re.compile(r"[A-Za-z]+|[0-9]+|\\u[0-9a-f]{4}|[^A-Za-z0-9]")
LONGEST_PHRASE = 48  # tokens
SMALLEST_SUPPORT = 3  # samples
GAINS = (0.1, 0.03, 0.01, 0.005)  # bytes saved a sample for each byte of dictionary: the least, by round


def main():
    options = arguments()
    samples = [canonical(line, number) for number, line in enumerate(lines(options.samples), 1) if line.strip()]
    if len(samples) < 8:
        sys.exit(f"train-dictionary: {len(samples)} samples; 8 is the least, 100 or more are good")
    learned = [text for index, text in enumerate(samples) if index % 4 != 3]
    held_out = samples[3::4]
    dictionary = train(learned, options.size, options.candidates)
    if not dictionary:
        sys.exit("train-dictionary: the samples have nothing in common")
    sys.stdout.buffer.write(dictionary)
    report(dictionary, learned, held_out)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", metavar="FILE", help="JSON lines, - for standard input")
    parser.add_argument("--size", type=int, default=2048, metavar="BYTES", help="the longest dictionary wanted (1 to 32768, default 2048)")
    parser.add_argument("--candidates", type=int, default=3000, metavar="N", help="phrases to try (default 3000): more takes longer")
    options = parser.parse_args()
    if not 1 <= options.size <= 32768:
        parser.error("--size: 1 to 32768 bytes")
    return options


def lines(path):
    try:
        if path == "-":
            return sys.stdin.buffer.readlines()
        with open(path, "rb") as file:
            return file.readlines()
    except OSError as error:
        sys.exit(f"train-dictionary: {error}")


def canonical(line, number):
    """The bytes that the codec compresses: compact, ASCII."""
    try:
        return json.dumps(json.loads(line), separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError) as error:
        sys.exit(f"train-dictionary: line {number} is not JSON: {error}")


def train(samples, size, most_candidates):
    """Keeps the phrases that pay best for their bytes, the best ones last.

    Every round tries all phrases, the most promising first, and keeps those that save enough for
    each byte they add; the next round is content with less. What is kept goes in front of what is
    there already: pointing at the end of a dictionary is cheapest. After each round, phrases that
    later ones made superfluous are thrown out.
    """
    phrases = candidates(samples, most_candidates)
    kept, text = [], b""
    lengths = [deflated(sample, text) for sample in samples]
    for round_, gain in enumerate(GAINS, 1):
        for tried, phrase in enumerate(phrases, 1):
            if tried % 50 == 0:
                progress(f"round {round_} of {len(GAINS)}: {tried} of {len(phrases)} phrases tried, {len(text)} bytes kept")
            attempt = joined([phrase, *kept])
            if phrase in text or len(attempt) > size:
                continue
            concerned = [index for index, sample in enumerate(samples) if phrase in sample]
            saved = sum(lengths[index] - deflated(samples[index], attempt) for index in concerned)
            if saved > gain * len(samples) * (len(attempt) - len(text)):
                kept.insert(0, phrase)
                text = attempt
                lengths = [deflated(sample, text) for sample in samples]
        kept = pruned(samples, kept, gain)
        text = joined(kept)
        lengths = [deflated(sample, text) for sample in samples]
    progress("")
    return text


def pruned(samples, kept, gain):
    best = total(samples, joined(kept))
    for phrase in list(kept):
        rest = [other for other in kept if other is not phrase]
        saved = len(joined(kept)) - len(joined(rest))
        length = total(samples, joined(rest))
        if length - best <= gain * len(samples) * saved:
            kept, best = rest, length
    return kept


def candidates(samples, most):
    """Phrases of many samples, by what pointing at them would save at most."""
    support = Counter()
    for text in samples:
        tokens = TOKEN.findall(text.decode("ascii"))
        seen = set()
        for start in range(len(tokens)):
            phrase = ""
            for token in tokens[start:start + LONGEST_PHRASE]:
                phrase += token
                if len(phrase) >= 4:
                    seen.add(phrase)
        support.update(seen)
    worth = {phrase: (len(phrase) - 3) * count for phrase, count in support.items() if count >= SMALLEST_SUPPORT}
    ranked = sorted(worth, key=lambda phrase: (-worth[phrase], phrase))
    kept = []
    for phrase in ranked:
        # A part of a phrase that occurs hardly more often than the whole adds nothing.
        if not any(phrase in longer and support[phrase] < 1.2 * support[longer] for longer in kept[-400:]):
            kept.append(phrase)
            if len(kept) == most:
                break
    return [phrase.encode("ascii") for phrase in kept]


def joined(phrases):
    """One text of all phrases; where one ends as the next begins, that is written once."""
    text = b""
    for phrase in reversed(phrases):
        shared = min(len(phrase), len(text))
        while not phrase.endswith(text[:shared]):
            shared -= 1
        text = phrase + text[shared:]
    return text


def total(samples, dictionary):
    return sum(deflated(text, dictionary) for text in samples)


def deflated(text, dictionary):
    # Raw deflate, as sealed cookies have it.
    parameters = {"level": 6, "wbits": -15}
    if dictionary:
        parameters["zdict"] = dictionary
    compressor = zlib.compressobj(**parameters)
    return len(compressor.compress(text)) + len(compressor.flush())


def report(dictionary, learned, held_out):
    print(f"dictionary: {len(dictionary)} bytes", file=sys.stderr)
    for name, samples in (("learned from", learned), ("held out", held_out)):
        plain = sum(map(len, samples))
        without, with_it = total(samples, b""), total(samples, dictionary)
        print(
            f"{name}: {len(samples)} samples, {plain / len(samples):.0f} bytes each;"
            f" deflated {without / len(samples):.0f}, with the dictionary {with_it / len(samples):.0f}"
            f" ({100 * with_it / without:.0f} %)",
            file=sys.stderr,
        )


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
