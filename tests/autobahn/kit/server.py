"""Tests a WebSocket server: starts it and lets the suite's client loose on it."""

import contextlib
import re
import subprocess
import threading

from autobahntestsuite.fuzzing import FuzzingClientFactory
from twisted.internet import reactor

import suite


def main():
    options = suite.arguments(__doc__)
    reports = suite.fresh_reports("server")
    server = suite.start([options.program, "websocket", "--port", "0"], stdout=subprocess.PIPE)
    problem = None
    try:
        url = f"ws://{address(server, reports / 'server.log')}/ws"
        factory = fuzz(url, reports, options.cases)
        if server.poll() is not None:
            problem = f"the server ended with {server.returncode} before the suite did"
    finally:
        suite.stop(server)
    suite.conclude(factory, problem)


def address(server, log):
    """The address out of the server's line `listening on ADDR`; what it says later is logged."""
    for line in server.stdout:
        if found := re.search(r"listening on (\S+)", line):
            threading.Thread(target=copy, args=(server.stdout, log), daemon=True).start()
            return found[1]
    suite.give_up(f"the server ended with {server.wait()} before it listened")


def copy(stream, log):
    with open(log, "w") as file:
        for line in stream:
            file.write(line)


def fuzz(url, reports, cases):
    server = {"agent": suite.AGENT, "url": url}
    with open(reports / "suite.log", "w") as log, contextlib.redirect_stdout(log):
        factory = FuzzingClientFactory(suite.specification(reports, cases, servers=[server]))
        reactor.callLater(suite.TIME_LIMIT, reactor.stop)
        reactor.run()
    return factory


main()
