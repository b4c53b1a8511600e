"""`python -m tests.http_edge.running_process LOG KEY`: works on a request until it is killed."""

import sys
from pathlib import Path

from eventlog.log import open_event_log
from eventlog.requests import RequestKey

if __name__ == "__main__":
    log = open_event_log(Path(sys.argv[1]))
    with log.running(RequestKey("H1", "open-box", sys.argv[2])):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        sys.stdin.read()
