"""`python -m tests.http_edge.running_process LOG KEY`: works on a request until it is killed."""

import sys

from eventlog.requests import RequestKey
from tests.eventlog.log_addresses import open_at

if __name__ == "__main__":
    log = open_at(sys.argv[1])
    with log.running(RequestKey("H1", "open-box", sys.argv[2])):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        sys.stdin.read()
