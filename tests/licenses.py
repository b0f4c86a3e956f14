"""Stands in where cargo-deny cannot be had: every dependency has a licence that deny.toml allows and
comes from crates.io or from this workspace."""

import json
import re
import subprocess
import sys
import tomllib


def main():
    with open("deny.toml", "rb") as file:
        allowed = set(tomllib.load(file)["licenses"]["allow"])
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--all-features"],
        check=True, stdout=subprocess.PIPE,
    )
    packages = json.loads(metadata.stdout)["packages"]
    problems = [problem for package in packages for problem in faults(package, allowed)]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"licences and sources of {len(packages)} packages, {len(problems)} problems")
    sys.exit(1 if problems else 0)


def faults(package, allowed):
    name = f"{package['name']} {package['version']}"
    expression = package["license"]
    if not expression or not permits(expression, allowed):
        yield f"{name}: licence {expression}"
    if package["source"] not in (None, CRATES_IO):
        yield f"{name}: source {package['source']}"


def permits(expression, allowed):
    """Whether the SPDX expression can be met by the allowed licences alone. `A/B` is the old way to
    write `A OR B`; a licence `WITH` an exception needs to be allowed as such."""
    tokens = re.findall(r"[()]|[^\s()/]+(?:\s+WITH\s+[^\s()/]+)?|/", expression)

    def alternatives():
        result = conjunction()
        while tokens and tokens[0] in ("OR", "/"):
            tokens.pop(0)
            result |= conjunction()
        return result

    def conjunction():
        result = operand()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result &= operand()
        return result

    def operand():
        token = tokens.pop(0)
        if token != "(":
            return token in allowed
        result = alternatives()
        tokens.pop(0)
        return result

    return alternatives()


CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"

main()
