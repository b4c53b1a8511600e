"""Servers to be measured side by side: eligibility itself, and a bare look-up of one row.

`python -m benchmarks.lookup_servers ours FOLDER PORT` or `… bare FILE PORT`. Both run on the same
stack in the same way: FastAPI with the same limits and problem details, one uvicorn process.
"""

import os
import sqlite3
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict

from eligibility.entrypoints.http.app import build_app
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.settings import read_settings
from http_edge.body_limit import BodyLimit
from http_edge.problems import install_problems

BARE_TABLE = """CREATE TABLE people (
    person_id TEXT PRIMARY KEY, identity TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_to TEXT, source TEXT NOT NULL) WITHOUT ROWID"""
_ONE = "SELECT person_id, identity, valid_from, valid_to, source FROM people WHERE person_id = ?"


class BareRow(BaseModel):
    """One row of the table, as a message that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person_id: str
    identity: str
    valid_from: date
    valid_to: date | None
    source: str


def bare_app(file: Path) -> FastAPI:
    """One indexed SELECT of one row, told through a model; a connection a thread, kept open."""
    app = FastAPI()
    install_problems(app, PROBLEMS)
    app.add_middleware(BodyLimit)
    kept = threading.local()

    @app.get("/v1/persons/{person_id}/entitlements")
    def look_up(person_id: Annotated[str, PathParameter()], on: date) -> BareRow:  # noqa: ARG001 -- asked as ours is
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(file)
        row = kept.connection.execute(_ONE, (person_id,)).fetchone()
        return BareRow(**dict(zip(BareRow.model_fields, row, strict=True)))

    return app


def main() -> None:
    """Serve until killed."""
    which, where, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if which == "ours":
        app = build_app(read_settings(os.environ, data_dir=where))
    else:
        app = bare_app(where)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
