"""Tests a WebSocket client: starts the suite's server and lets the client run all cases on it."""

import contextlib
import socket
import subprocess
import threading

from autobahntestsuite.fuzzing import FuzzingServerFactory
from twisted.internet import reactor

import suite


def main():
    options = suite.arguments(__doc__)
    reports = suite.fresh_reports("client")
    listener = socket.create_server(("127.0.0.1", 0))
    url = "ws://127.0.0.1:%d" % listener.getsockname()[1]
    with open(reports / "client.log", "w") as output:
        client = suite.start(
            [options.program, "autobahn-client", "--url", url],
            stdout=output, stderr=subprocess.STDOUT,
        )
    try:
        factory = serve(listener, url, client, reports, options.cases)
    finally:
        suite.stop(client)
    problem = None
    if client.returncode != 0:
        print((reports / "client.log").read_text()[-2000:], end="")
        problem = f"the client ended with {client.returncode}"
    suite.conclude(factory, problem)


def serve(listener, url, client, reports, cases):
    """Serves the cases until the client exits."""
    with open(reports / "suite.log", "w") as log, contextlib.redirect_stdout(log):
        factory = FuzzingServerFactory(suite.specification(reports, cases, url=url))
        listener.setblocking(False)
        reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)
        reactor.callWhenRunning(threading.Thread(target=outlive, args=[client], daemon=True).start)
        reactor.run()
    return factory


def outlive(client):
    """Stops the reactor once the client has ended or has had its time."""
    try:
        client.wait(timeout=suite.TIME_LIMIT)
    except subprocess.TimeoutExpired:
        pass
    reactor.callFromThread(reactor.stop)


main()
