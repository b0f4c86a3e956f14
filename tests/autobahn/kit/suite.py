"""What the runs of both sides share: their arguments, the cases, the program under test, the tally."""

import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys

from autobahntestsuite.fuzzing import FuzzingFactory

AGENT = "plimsoll"


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program", nargs="?", default=default_program(),
                        help="the program under test (default: %(default)s)")
    parser.add_argument("--cases", default="*", metavar="PATTERNS",
                        help="only these, separated by commas: '1.*,9.7.*'")
    return parser.parse_args()


def default_program():
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(ROOT.joinpath(target, "release", "plimsoll-conformance"))


def start(command, **options):
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **options)
    except FileNotFoundError:
        give_up(f"no program {command[0]}: cargo build --release -p plimsoll-conformance")


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def fresh_reports(side):
    """The empty folder for the reports of `side`."""
    folder = ROOT / "tests/autobahn/reports" / side
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def specification(reports, cases, **more):
    return {
        "outdir": str(reports),
        "cases": cases.split(","),
        "exclude-cases": WITH_COMPRESSION,
        "exclude-agent-cases": {},
        **more,
    }


def conclude(factory: FuzzingFactory, problem=None):
    """Writes the reports, prints the tally and exits: with 1 if a case failed or did not run."""
    factory.createReports()
    results = factory.agents.get(AGENT, {})
    missing = [case for case in factory.specCases if case not in results]
    behaviors = collections.Counter(result["behavior"] for result in results.values())
    closes = collections.Counter(result["behaviorClose"] for result in results.values())
    passed = failed = skipped = 0
    for case in factory.specCases:
        if case in missing:
            continue
        behavior, close = results[case]["behavior"], results[case]["behaviorClose"]
        if behavior == "UNIMPLEMENTED":
            skipped += 1
        elif behavior in PASSING and close in PASSING_CLOSE:
            passed += 1
        else:
            failed += 1
        if (behavior, close) != ("OK", "OK"):
            print(f"  {case:8} {behavior}, close {close}, code {results[case]['remoteCloseCode']}")

    seconds = sum(result["duration"] for result in results.values()) / 1000
    print(f"messages: {listed(behaviors)}; close: {listed(closes)}; {seconds:.0f} s in cases")
    print(f"reports: {os.path.relpath(factory.outdir)}/index.html")
    if problem:
        print(problem)
    if missing:
        print(f"{len(missing)} of {len(factory.specCases)} cases did not run: {shortened(missing)}")
    failed += len(missing) or bool(problem)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


def give_up(reason):
    """Ends a run in which no case could be tried."""
    print(reason)
    print("0 passed, 1 failed")
    sys.exit(1)


def listed(counter):
    return ", ".join(f"{count} {name}" for name, count in counter.most_common()) or "none"


def shortened(cases):
    return " ".join(cases[:10]) + (" ..." if len(cases) > 10 else "")


ROOT = pathlib.Path(__file__).resolve().parents[3]
WITH_COMPRESSION = ["12.*", "13.*"]
PASSING = {"OK", "NON-STRICT", "INFORMATIONAL"}
PASSING_CLOSE = {"OK", "INFORMATIONAL"}
TIME_LIMIT = 900
