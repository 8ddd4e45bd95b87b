# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a TextMate grammar makes of a text, as an editor would: `grammar.py GRAMMAR TEXT` prints after each line its words with their scopes.

The grammar has rules of one pattern each, so this is all there is to do: at each place, the rule that matches first in the text, and of several the first.
"""
import json
import re
import sys


def tokens(line, rules):
    at = 0
    while at < len(line):
        matches = [(match.start(), number, match) for number, (pattern, _) in enumerate(rules) if (match := pattern.search(line, at)) and match.end() > at]
        if not matches:
            return
        _, number, match = min(matches)
        rule = rules[number][1]
        for group, scope in ({"0": {"name": rule["name"]}} if "name" in rule else rule["captures"]).items():
            if match[int(group)]:
                yield match[int(group)], scope["name"].removesuffix(".costate")
        at = match.end()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        grammar = json.load(file)
    names = [pattern["include"][1:] for pattern in grammar["patterns"]]
    assert sorted(names) == sorted(grammar["repository"]), "a rule that is not used"
    rules = [(re.compile(grammar["repository"][name]["match"]), grammar["repository"][name]) for name in names]
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in file.read().splitlines():
            print(line)
            print("   ", "  ".join(f"{text}:{scope}" for text, scope in tokens(line, rules)))


if __name__ == "__main__":
    main()
