"""Both services in a process that is quickly there again (派生的服务进程), to be killed many times.

The same application, sockets and files as `yizhan serve`; only that the modules are read once, by
a process out of which each server comes.
"""

import multiprocessing
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from eligibility.settings import Settings as PeopleSettings
from eligibility.storage import make_tables as make_people_tables
from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from settlement.settings import Settings
from settlement.storage import open_storage
from standalone.serving import Addresses, running

STARTUP_SECONDS = 120.0


@dataclass(frozen=True)
class Store:
    """Where a server keeps everything (存储), and how what was kept is looked at afterwards."""

    settings: Settings
    people_schema: str = field(default_factory=lambda: f"people_{uuid4().hex}")

    def __post_init__(self) -> None:
        """Eligibility's tables are there where a server keeps them; settlement's were before."""
        if self.settings.database is not None:
            make_people_tables(
                PeopleSettings(
                    self.settings.data, database=self.settings.database, schema=self.people_schema
                )
            )

    @property
    def serving(self) -> dict[str, Any]:
        """What a server is told of it."""
        settings = self.settings
        return {
            "data": settings.data,
            "database": settings.database,
            "schema": settings.schema,
            "people_schema": self.people_schema,
        }

    def discrepancies(self) -> tuple[object, ...]:
        """What verifying the ledger finds."""
        storage = open_storage(self.settings)
        try:
            return verify_ledger(storage.ledger, LawLibrary(storage.ledger)).discrepancies
        finally:
            storage.close()

    def topics(self) -> list[str]:
        """The topic of every event of a stay, in order."""
        storage = open_storage(self.settings)
        try:
            events = [type(logged.event) for logged in storage.ledger.events()]
            return [getattr(kind, "TOPIC", "").split(".")[1] for kind in events]
        finally:
            storage.close()


class ForkedServer:
    """A server on a store; start, kill, start again."""

    def __init__(self, store: Store, policies: Path) -> None:
        """Nothing runs yet."""
        self.store = store
        self._told = store.serving | {"policies": policies}
        # Its first process reads the modules once.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._process: Any = None

    def start(self) -> Addresses:
        """Returns when both services answer."""
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._told), daemon=True)
        self._process.start()
        assert ours.poll(STARTUP_SECONDS), "the server does not start"
        addresses = ours.recv()
        assert isinstance(addresses, Addresses), addresses
        return addresses

    @property
    def is_there(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.is_alive()

    def kill(self) -> None:
        """End it at once, as a power failure would (SIGKILL)."""
        if self.is_there:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join()


def _serve(pipe: Any, told: dict[str, Any]) -> None:
    try:
        with running(host="127.0.0.1", port=0, **told) as addresses:
            pipe.send(addresses)
            signal.pause()
    except Exception as error:  # whoever waits must hear of it
        pipe.send(repr(error))
