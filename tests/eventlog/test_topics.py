"""Stored events follow the topic their class states, not the module it lives in."""

import subprocess
import sys
from pathlib import Path

MODULE = """
from uuid import UUID
from eventsourcing.domain import Aggregate

class Thing(Aggregate):
    TOPIC = "moving.thing"
    class Created(Aggregate.Created):
        TOPIC = "moving.thing-created.v1"
        name: str
    class Renamed(Aggregate.Event):
        TOPIC = "moving.thing-renamed.v1"
        name: str
        def apply(self, thing):
            thing.name = self.name
    def __init__(self, name: str) -> None:
        self.name = name
    def rename(self, name: str) -> None:
        self.trigger_event(self.Renamed, name=name)
"""

WRITE = """
from pathlib import Path
from uuid import UUID
from eventlog.log import create_event_log, open_event_log
from old_folder_things import Thing
create_event_log(Path("log.sqlite"))
thing = Thing._create(Thing.Created, id=UUID(int=1), name="first")
thing.rename("second")
open_event_log(Path("log.sqlite")).save(thing)
"""

READ = """
from pathlib import Path
from uuid import UUID
from eventlog.log import open_event_log
from new_folder_things import Thing
thing = open_event_log(Path("log.sqlite")).find(UUID(int=1), Thing)
print(thing.name, thing.version, type(thing).__module__)
"""


def test_a_renamed_module_still_loads_its_events(tmp_path: Path) -> None:
    """Events stored by one module load in another process where the module has another name."""
    (tmp_path / "old_folder_things.py").write_text(MODULE)
    subprocess.run([sys.executable, "-c", WRITE], cwd=tmp_path, check=True)
    (tmp_path / "old_folder_things.py").rename(tmp_path / "new_folder_things.py")

    read = subprocess.run(
        [sys.executable, "-c", READ], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert read.stdout == "second 2 new_folder_things\n"
