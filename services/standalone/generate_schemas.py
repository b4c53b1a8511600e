"""`python -m standalone.generate_schemas` (生成接口与事件的模式), from the code.

What is written: the catalogue of events, docs/events.md, and into contracts/schemas the OpenAPI
description of each service and of an office's server, the AsyncAPI description of what each tells
on Kafka, a JSON Schema for every message of contracts/, one for every event class that either
service stores, by its topic, and those of policy documents and case files, which editors use. The
same code always gives the same bytes: no clock, no machine path, keys in order.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import msgspec
import typer
from eventsourcing.domain import Aggregate
from pydantic import BaseModel

import contracts
import eligibility.domain
import eligibility.settings
import settlement.domain
import settlement.settings
from contracts.channels import CHANNELS
from contracts.vocabulary import DataOwner
from eligibility.entrypoints.http.app import build_app as build_eligibility
from eventlog.codec import event_codec
from settlement.bootstrap import build_parts
from settlement.entrypoints.cli.policy_schema import editor_schemas
from settlement.entrypoints.clock import now
from settlement.entrypoints.http.app import create_app as create_settlement
from standalone.asyncapi import asyncapi_of
from standalone.event_catalogue import StoredKind, catalogue
from standalone.owner_stand_in import StandInOwner, contract_app

SCHEMAS = Path(contracts.__file__).resolve().parent / "schemas"
SAMPLES = SCHEMAS.parent / "examples/events"
CATALOGUE = SCHEMAS.parents[1] / "docs/events.md"
COMMAND = "make generate"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MESSAGE_MODULE = re.compile(r".*_v\d+$")
_UNREACHED = "http://127.0.0.1:9"


def main(
    check: Annotated[bool, typer.Option("--check", help="只比较，不写入")] = False,  # noqa: FBT002 - a flag
) -> None:
    """写出 contracts/schemas 与 docs/events.md；--check 时只比较，不一致则列出并以 1 退出。"""
    made, events = generated_files(), event_catalogue()
    stale = [f"contracts/schemas/{line}" for line in stale_files(made, SCHEMAS)]
    if not CATALOGUE.is_file() or CATALOGUE.read_bytes() != events:
        stale.append("docs/events.md（不同）")
    if check and stale:
        listed = "\n".join(f"  {line}" for line in stale)
        sys.stderr.write(
            f"生成的文件与代码不一致（generated files are stale）：\n{listed}\n请运行 {COMMAND}\n"
        )
        raise typer.Exit(1)
    if not check:
        write_files(made, SCHEMAS)
        CATALOGUE.write_bytes(events)
    typer.echo(f"contracts/schemas：{len(made)} 个文件，{'无变化' if not stale else '已更新'}")


def generated_files() -> dict[str, bytes]:
    """Every generated file by its path under contracts/schemas, in the order of the paths."""
    made = {f"{name}.openapi.json": content for name, content in _openapi().items()}
    made |= {f"{each.owner}.asyncapi.json": asyncapi_of(each) for each in CHANNELS}
    for module, models in message_models().items():
        for model in models:
            schema = {"$schema": DIALECT, **model.model_json_schema()}
            made[f"{module}/{model.__name__}.json"] = schema
    for topic, event_class in stored_event_classes().items():
        made[f"events/{topic}.json"] = _event_schema(topic, event_class)
    made |= {f"policies/{name}": schema for name, schema in editor_schemas().items()}
    return {path: _canonical(made[path]) for path in sorted(made)}


def event_catalogue() -> bytes:
    """docs/events.md (事件目录): every stored event with its fields and units."""
    kinds = [
        StoredKind(topic, _everything_about(kind), _event_schema(topic, kind), _samples_of(topic))
        for topic, kind in stored_event_classes().items()
    ]
    return catalogue(kinds).encode()


def _samples_of(topic: str) -> list[bytes]:
    """The samples of a topic, the oldest form first."""
    later = sorted(SAMPLES.glob(f"{topic}~*.json"), key=lambda path: int(path.stem.split("~")[1]))
    return [path.read_bytes() for path in (SAMPLES / f"{topic}.json", *later) if path.is_file()]


def stale_files(made: dict[str, bytes], directory: Path) -> list[str]:
    """What a directory has otherwise than `made`: `path（缺少|不同|多余）`, in order."""
    there = {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }
    reasons = dict.fromkeys(made.keys() - there.keys(), "缺少")
    reasons |= dict.fromkeys(there.keys() - made.keys(), "多余")
    reasons |= {path: "不同" for path in made.keys() & there.keys() if made[path] != there[path]}
    return [f"{path}（{reasons[path]}）" for path in sorted(reasons)]


def write_files(made: dict[str, bytes], directory: Path) -> None:
    """Make a directory hold exactly these files."""
    for path in [p for p in directory.rglob("*") if p.is_file()]:
        if path.relative_to(directory).as_posix() not in made:
            path.unlink()
    for name, content in made.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def message_models() -> dict[str, list[type[BaseModel]]]:
    """The messages (消息) of contracts/, by module; the bases they share are none."""
    found: dict[str, list[type[BaseModel]]] = {}
    for module in _modules(contracts):
        if _MESSAGE_MODULE.match(module.__name__):
            name = module.__name__.rpartition(".")[2]
            found[name] = [
                each
                for each in _own(module, BaseModel)
                if each.__name__ != "Message" and not each.__name__.startswith("_")
            ]
    return found


def stored_event_classes() -> dict[str, type]:
    """Every event class (事件类) of both services by its stored topic, walked from the domains.

    Raises `EventNotStorable` for an event class without a topic of its own.
    """
    found: dict[str, type] = {}
    for domain in (eligibility.domain, settlement.domain):
        for module in _modules(domain):
            for aggregate in _own(module, Aggregate):
                for event_class in _events_of(aggregate):
                    found[event_codec(event_class).topic] = event_class
    return dict(sorted(found.items()))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _own(module: ModuleType, base: type) -> list[Any]:
    """The subclasses of `base` that a module defines itself."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]


def _events_of(aggregate: type) -> list[type]:
    """The events an aggregate states; its own base of events is never stored."""
    return [
        value
        for name, value in vars(aggregate).items()
        if isinstance(value, type) and issubclass(value, Aggregate.Event) and name != "Event"
    ]


def _event_schema(topic: str, event_class: type) -> dict[str, Any]:
    # The struct that stored events are decoded with: the schema is what loads, not a copy of it.
    wire_type = event_codec(event_class)._decoder.type  # noqa: SLF001 -- the codec shows it to nobody else
    schema: dict[str, Any] = msgspec.json.schema(wire_type)
    return {"$schema": DIALECT, "title": topic, "description": _about(event_class), **schema}


def _about(event_class: type) -> str:
    """The first line somebody wrote about an event."""
    return _everything_about(event_class).splitlines()[0]


def _everything_about(event_class: type) -> str:
    """What somebody wrote about an event; the library derives classes without any words."""
    written = (
        each.__doc__
        for each in event_class.__mro__
        if each.__doc__ and not each.__doc__.startswith(f"{each.__name__}(")
    )
    return inspect.cleandoc(next(written))


def _openapi() -> dict[str, dict[str, Any]]:
    """Each application's description, as it is served."""
    with tempfile.TemporaryDirectory(prefix="yizhan-schemas-") as directory:
        data = Path(directory)
        desk = settlement.settings.Settings(data=data, policies=None, eligibility_url=_UNREACHED)
        people = eligibility.settings.Settings(data_dir=data)
        office = StandInOwner(DataOwner.CIVIL_AFFAIRS, clock=now)
        return {
            "eligibility": build_eligibility(people).openapi(),
            "owner": contract_app(office, token="").openapi(),
            "settlement": create_settlement(build_parts(desk, now)).openapi(),
        }


def _canonical(content: Any) -> bytes:
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


if __name__ == "__main__":
    typer.run(main)
