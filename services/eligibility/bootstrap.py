"""Where everything of eligibility is put together, and nowhere else (组装)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from eligibility.adapters.compared_certificates import ComparedCertificates
from eligibility.adapters.compared_lists import compare_files
from eligibility.adapters.difference_book_store import EventLogBookStore
from eligibility.adapters.difference_vault import SqlDifferenceVault
from eligibility.adapters.event_store import EventLogStore, while_nobody_writes
from eligibility.adapters.feed_contacts import SqlFeedContacts
from eligibility.adapters.key_rotation import SqlKeyRotation
from eligibility.adapters.list_workspace import open_list_workspace
from eligibility.adapters.local_identities_file import read_local_identities
from eligibility.adapters.master_key import (
    create_key_file,
    read_key_file,
    take_key_file_into_use,
)
from eligibility.adapters.owner_list_files import open_owner_list
from eligibility.adapters.owner_list_store import EventLogListStore
from eligibility.adapters.owner_sources_file import read_owner_sources
from eligibility.adapters.owner_store import EventLogOwnerStore
from eligibility.adapters.person_reads import SqlPersonReads
from eligibility.adapters.personal_data_vault import SqlPersonalDataVault
from eligibility.adapters.roster_rows import read_roster
from eligibility.adapters.sealing import MasterKeys, derive_keys
from eligibility.adapters.staged_rosters import SqlStagedRosters
from eligibility.adapters.vault_tables import is_key_of
from eligibility.application.activate_roster import ActivateRoster
from eligibility.application.add_certificate import AddCertificate
from eligibility.application.answer_entitlements import AnswerEntitlements
from eligibility.application.ask_owners import AskOwners
from eligibility.application.erase_person import ErasePerson
from eligibility.application.find_person import FindPerson
from eligibility.application.follow_owner import FollowOwner
from eligibility.application.import_list import ImportList
from eligibility.application.keep_comparison import KeepComparison
from eligibility.application.list_members import ListMembers
from eligibility.application.merge_persons import MergePersons
from eligibility.application.owner_knowledge import OwnerKnowledge
from eligibility.application.owner_ports import Sources
from eligibility.application.pursue_differences import PursueDifferences
from eligibility.application.read_changes import ReadChanges
from eligibility.application.rotate_keys import RotateKeys, find_again
from eligibility.application.show_differences import ShowDifferences
from eligibility.application.show_person import ShowPerson
from eligibility.application.stage_roster import StageRoster
from eligibility.application.state_facts import StateFacts
from eligibility.application.tell_people import TellPeople
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.owner_list import EndingGuard
from eligibility.domain.resolving_guard import ResolvingGuard
from eligibility.read_models.difference_rows import SqlDifferenceRows
from eligibility.settings import (
    MASTER_KEY_VARIABLE,
    NEW_MASTER_KEY_VARIABLE,
    Settings,
    SettingUnusable,
)
from eligibility.storage import Storage, belongs_to, has_vault, open_storage
from eventlog.followed_tables import FollowedTables
from eventlog.log import EventLog
from http_edge.identity.gate import Gate, build_gate
from http_edge.operating_settings import OperatingSettings
from http_edge.tracing import Tracing, start_tracing

_PAUSE_SECONDS = 1.0
"""How long readers have, before keys are exchanged again that could not be."""


@dataclass(frozen=True)
class Eligibility:
    """The use cases of this service, ready to be called (资格服务)."""

    log: EventLog
    stage_roster: StageRoster
    activate_roster: ActivateRoster
    import_list: ImportList
    find_person: FindPerson
    answer_entitlements: AnswerEntitlements
    show_person: ShowPerson
    state_facts: StateFacts
    read_changes: ReadChanges
    tell_people: TellPeople
    merge_persons: MergePersons
    add_certificate: AddCertificate
    erase_person: ErasePerson
    ask_owners: AskOwners
    follow_owner: FollowOwner
    owner_knowledge: OwnerKnowledge
    owner_sources: Sources
    keep_comparison: KeepComparison
    pursue_differences: PursueDifferences
    show_differences: ShowDifferences
    list_members: ListMembers
    gate: Gate
    followed: Callable[[], tuple[FollowedTables, ...]]
    forget_difference_rows: Callable[[], None]
    vault_is_usable: Callable[[], bool]
    storage: Storage
    operating: OperatingSettings = field(default_factory=OperatingSettings)
    tracing: Tracing | None = None

    def close(self) -> None:
        """Let go of connections."""
        self.storage.close()


def build(settings: Settings) -> Eligibility:
    """Put the service together, on a migrated schema or on a data folder where what is missing is
    created.

    Raises `MasterKeyUnusable`, `WrongMasterKey`, `LocalIdentitiesUnusable`, `OwnerSourcesUnusable`,
    `IssuerKeyUnusable`, `EventLogMissing`, `LogBusy`.
    """
    sources = _owner_sources(settings)
    keys = derive_keys(_master_key(settings))
    return _put_together(settings, sources, keys, open_storage(settings))


def _put_together(
    settings: Settings, sources: Sources, keys: MasterKeys, storage: Storage
) -> Eligibility:
    storage.belong_to(keys)
    engine, log = storage.vault, storage.log
    store = EventLogStore(log)
    vault = SqlPersonalDataVault(engine=engine, keys=keys, new_id=uuid4)
    staged = SqlStagedRosters(engine=engine, keys=keys)
    reads = SqlPersonReads(storage.reads)
    identities = _local_identities(settings)
    owner_store = EventLogOwnerStore(log)
    contacts = SqlFeedContacts(open_engine=storage.open_contacts)
    books, about = EventLogBookStore(log), SqlDifferenceVault(engine=engine, vault=vault)
    rows = SqlDifferenceRows(
        events=lambda book_id, after: log.events.get(book_id, gt=after),
        open_engine=storage.open_read_models,
    )
    members, placed = storage.list_members(), storage.placed_people()
    find_again(
        SqlKeyRotation(engine=engine, old=keys, new=keys),
        vault,
        store,
        ComparedCertificates(engine=engine, about=about),
    )
    return Eligibility(
        log=log,
        stage_roster=StageRoster(
            read=partial(read_roster, identities=identities),
            staged=staged,
            store=store,
            new_id=uuid4,
        ),
        activate_roster=ActivateRoster(staged=staged, vault=vault, store=store),
        import_list=ImportList(
            open_list=partial(open_owner_list, identities=identities),
            new_workspace=open_list_workspace,
            vault=vault,
            members=members,
            store=EventLogListStore(log),
            guard=EndingGuard(settings.list_end_limit_percent),
        ),
        find_person=FindPerson(vault=vault, store=store, reads=reads),
        answer_entitlements=AnswerEntitlements(vault=vault, store=store, reads=reads),
        show_person=ShowPerson(vault=vault, store=store, reads=reads),
        state_facts=StateFacts(store=store, identities=identities, new_id=uuid4),
        read_changes=ReadChanges(store=store),
        tell_people=TellPeople(store=store),
        ask_owners=AskOwners(
            sources=sources,
            vault=vault,
            store=owner_store,
            reads=reads,
            identities=identities,
            new_id=uuid4,
        ),
        follow_owner=FollowOwner(
            sources=sources,
            vault=vault,
            store=owner_store,
            identities=identities,
            contacts=contacts,
        ),
        owner_knowledge=OwnerKnowledge(sources=sources, store=owner_store, contacts=contacts),
        owner_sources=sources,
        keep_comparison=KeepComparison(
            compare=compare_files,
            vault=about,
            store=books,
            guard=ResolvingGuard(settings.resolve_limit_percent),
        ),
        pursue_differences=PursueDifferences(vault=about, store=books, rows=rows),
        show_differences=ShowDifferences(vault=about, store=books, rows=rows, reads=reads),
        list_members=ListMembers(
            placed=placed,
            store=store,
            reads=reads,
        ),
        add_certificate=AddCertificate(vault=vault, store=store),
        merge_persons=MergePersons(vault=vault, store=store),
        erase_person=ErasePerson(vault=vault, staged=staged, store=store),
        gate=build_gate(settings.identity, settings.data_dir),
        followed=lambda: (members.tables, placed.tables),
        forget_difference_rows=rows.forget,
        vault_is_usable=partial(is_key_of, engine, keys),
        storage=storage,
        operating=settings.operating,
        tracing=start_tracing("eligibility") if settings.operating.traces else None,
    )


def _owner_sources(settings: Settings) -> Sources:
    if settings.owners is None:
        return {}
    return read_owner_sources(settings.owners, tokens=settings.owner_tokens)


def _local_identities(settings: Settings) -> LocalIdentities:
    if settings.local_identities is None:
        return LocalIdentities()
    return read_local_identities(settings.local_identities)


@dataclass(frozen=True)
class KeyReplacement:
    """The replacement of the master key, ready to be run (更换主密钥).

    `new_key_file` is where the new key stands afterwards, None where it came from outside.
    """

    rotate: RotateKeys
    take_into_use: Callable[[], None]
    new_key_file: Path | None


def build_key_replacement(settings: Settings) -> KeyReplacement:
    """Put the replacement of the master key together, on a data folder that is there.

    Without a new key from outside, one is made in a file beside the old one, and kept by later
    runs until it is in use. Raises `MasterKeyUnusable`, `WrongMasterKey`, `SettingUnusable`.
    """
    if settings.master_key is not None and settings.new_master_key is None:
        message = (
            f"主密钥由 {MASTER_KEY_VARIABLE} 传入，请同时以 {NEW_MASTER_KEY_VARIABLE} "
            "传入新的主密钥（32 字节，Base64），二者不可相同"
        )
        raise SettingUnusable(message)
    old = _master_key(settings)
    build(settings)
    new, file = settings.new_master_key, None
    if new is None:
        file = settings.new_master_key_file
        create_key_file(file)
        new = read_key_file(file)
    if new == old:
        message = "新主密钥与现用的相同；请换一个 (the same key)"
        raise SettingUnusable(message)
    storage = open_storage(settings)
    engine, log = storage.vault, storage.log
    vault = SqlPersonalDataVault(engine=engine, keys=derive_keys(old), new_id=uuid4)
    about = SqlDifferenceVault(engine=engine, vault=vault)
    return KeyReplacement(
        rotate=RotateKeys(
            rotation=SqlKeyRotation(engine=engine, old=derive_keys(old), new=derive_keys(new)),
            vault=vault,
            store=EventLogStore(log),
            compared=ComparedCertificates(engine=engine, about=about),
            while_nobody_writes=partial(while_nobody_writes, log),
            pause=partial(time.sleep, _PAUSE_SECONDS),
        ),
        take_into_use=partial(_take_new_key_file, settings),
        new_key_file=settings.master_key_file if file is not None else None,
    )


def _master_key(settings: Settings) -> bytes:
    if settings.master_key is not None:
        return settings.master_key
    # A new key beside an old vault would open nothing in it: then the old key must be found.
    if not has_vault(settings):
        create_key_file(settings.master_key_file)
    _take_new_key_file(settings)
    return read_key_file(settings.master_key_file)


def _take_new_key_file(settings: Settings) -> None:
    """Put the new key's file in place once the vault belongs to it, also after a crash."""
    new_file = settings.new_master_key_file
    if not (new_file.exists() and has_vault(settings)):
        return
    new_keys = derive_keys(read_key_file(new_file))
    if belongs_to(settings, new_keys):
        take_key_file_into_use(new_file, settings.master_key_file)
