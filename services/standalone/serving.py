"""Both services in one process (单进程运行): two HTTP servers that meet only over HTTP."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI

import eligibility.settings
import settlement.settings
from eligibility.entrypoints.http.app import build_app as build_eligibility
from http_edge.operating_settings import read_operating
from http_edge.serving import Server, free_port
from settlement.entrypoints.clock import now
from settlement.entrypoints.http.settlement_app import build_settlement
from settlement.entrypoints.shards import read_ledgers


@dataclass(frozen=True)
class Addresses:
    """Where the two services answer."""

    settlement: str
    eligibility: str


@contextmanager
def running(
    *,
    data: Path,
    host: str,
    port: int,
    policies: Path | None = None,
    drafts: bool = False,
    database: str | None = None,
    schema: str = "settlement",
    people_schema: str = "eligibility",
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Addresses]:
    """Both services while the block runs: settlement on `port`, eligibility on the next.

    Port 0 takes two free ones. What they keep is in `data`, or in migrated schemas of the
    PostgreSQL `database`; settlement's ledger may be divided into the shards that the environment
    names. Leaving the block stops taking requests, settlement's first, and finishes those that
    were accepted.

    Raises NotStarted, PolicyFileFaulty, ShardsFaulty, RegionsReassigned, and what building
    eligibility raises.
    """
    settlement_port = port or free_port(host)
    eligibility_port = port + 1 if port else free_port(host)
    data.mkdir(parents=True, exist_ok=True)
    beneath = replace(
        eligibility.settings.read_settings(environment, data_dir=data),
        database=database,
        schema=people_schema,
    )
    people = build_eligibility(beneath)
    with Server(people, host=host, port=eligibility_port) as beside:
        settings = settlement.settings.Settings(
            data=data,
            policies=policies,
            eligibility_url=beside.url,
            drafts=drafts,
            database=database,
            schema=schema,
            identity=beneath.identity,
            operating=read_operating(environment),
        )
        ledgers = read_ledgers(settings, environment)
        desk = build_settlement(settings, now, ledgers=ledgers)
        with Server(desk, host=host, port=settlement_port) as front:
            yield Addresses(settlement=front.url, eligibility=beside.url)


@contextmanager
def served(app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """One more application while the block runs, at the address given; port 0 takes a free one.

    Raises NotStarted.
    """
    with Server(app, host=host, port=port or free_port(host)) as server:
        yield server.url
