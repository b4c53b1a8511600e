"""Where everything of eligibility is put together, and nowhere else (组装)."""

from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from eligibility.adapters.event_store import EventLogStore
from eligibility.adapters.list_workspace import open_list_workspace
from eligibility.adapters.local_identities_file import read_local_identities
from eligibility.adapters.master_key import create_key_file, read_key_file
from eligibility.adapters.owner_list_files import open_owner_list
from eligibility.adapters.owner_list_store import EventLogListStore
from eligibility.adapters.person_reads import SqlPersonReads, create_person_reads
from eligibility.adapters.personal_data_vault import SqlPersonalDataVault
from eligibility.adapters.roster_rows import read_roster
from eligibility.adapters.sealing import derive_keys
from eligibility.adapters.staged_rosters import SqlStagedRosters
from eligibility.adapters.vault_tables import create_vault
from eligibility.application.activate_roster import ActivateRoster
from eligibility.application.add_certificate import AddCertificate
from eligibility.application.answer_entitlements import AnswerEntitlements
from eligibility.application.erase_person import ErasePerson
from eligibility.application.find_person import FindPerson
from eligibility.application.import_list import ImportList
from eligibility.application.merge_persons import MergePersons
from eligibility.application.read_changes import ReadChanges
from eligibility.application.show_person import ShowPerson
from eligibility.application.stage_roster import StageRoster
from eligibility.application.state_facts import StateFacts
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.owner_list import EndingGuard
from eligibility.read_models.list_members import SqlListMembers
from eligibility.settings import Settings
from eventlog.log import EventLog, create_event_log, open_event_log
from eventlog.sqlite_engine import open_engine


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
    merge_persons: MergePersons
    add_certificate: AddCertificate
    erase_person: ErasePerson


def build(settings: Settings) -> Eligibility:
    """Create what is missing in the data folder and put the service together.

    Raises `MasterKeyUnusable`, `WrongMasterKey`, `LocalIdentitiesUnusable`.
    """
    keys = derive_keys(_master_key(settings))
    engine = open_engine(settings.vault_file, durable=True)
    create_vault(engine, keys)
    create_event_log(settings.log_file)
    log = open_event_log(settings.log_file)
    store = EventLogStore(log)
    vault = SqlPersonalDataVault(engine=engine, keys=keys, new_id=uuid4)
    staged = SqlStagedRosters(engine=engine, keys=keys)
    # Not durable: each answer would wait for the disk. A power failure may lose the readings of
    # the last moment; a process that is killed loses none.
    reads_engine = open_engine(settings.reads_file)
    create_person_reads(reads_engine)
    reads = SqlPersonReads(reads_engine)
    identities = _local_identities(settings)
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
            members=SqlListMembers(
                log=log, open_engine=lambda: open_engine(settings.read_models_file)
            ),
            store=EventLogListStore(log),
            guard=EndingGuard(settings.list_end_limit_percent),
        ),
        find_person=FindPerson(vault=vault, store=store),
        answer_entitlements=AnswerEntitlements(vault=vault, store=store, reads=reads),
        show_person=ShowPerson(vault=vault, store=store, reads=reads),
        state_facts=StateFacts(store=store, identities=identities, new_id=uuid4),
        read_changes=ReadChanges(store=store),
        add_certificate=AddCertificate(vault=vault, store=store),
        merge_persons=MergePersons(vault=vault, store=store),
        erase_person=ErasePerson(vault=vault, store=store),
    )


def _local_identities(settings: Settings) -> LocalIdentities:
    if settings.local_identities is None:
        return LocalIdentities()
    return read_local_identities(settings.local_identities)


def _master_key(settings: Settings) -> bytes:
    if settings.master_key is not None:
        return settings.master_key
    # A new key beside an old vault would open nothing in it: then the old key must be found.
    if not settings.vault_file.exists():
        create_key_file(settings.master_key_file)
    return read_key_file(settings.master_key_file)
