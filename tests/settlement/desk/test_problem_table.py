"""Every domain error has a row in the table of problems, and every row has its own type."""

import ast
import importlib
from pathlib import Path

from settlement.application.replay_ledger import IdentityDayDiffers
from settlement.domain.stay_refusals import StayRefusal
from settlement.entrypoints.http.problem_table import PROBLEMS

ROOMS = ("law", "kernel", "domain", "application")
SETTLEMENT = Path(__file__).resolve().parents[3] / "services" / "settlement"

NEVER_MET_OVER_HTTP = {
    "AnswerUnreadable",  # a cohort's claims are read from a file, and refused line by line
    "CorrectionUnstated",  # a reversal turns it into corrections-unstated
    "ColumnsMalformed",  # columns come from replays, not from callers
    "LaterUnknown",  # a reversal turns it into ledger-incomplete
    "FundPaymentRefusal",  # only its subclasses are raised
    "TooManySituations",  # policy check reports it
    "IdentityDayDiffers",  # replays list it
    "NotConserved",  # an impact that does not add up stops by itself
    "NotCounted",  # a reversal turns it into ledger-incomplete
    "NotInOrder",  # the same
    "NotExact",  # reading a policy turns it into a fault
    "NotRevisable",  # a proposal says whom it leaves out, and why
    "PartNotAsProposed",  # the person's part lapses, and says why
    "RevisionPartUnknown",  # parts come from the revision itself
    "RevisionRefusal",  # only its subclasses are raised
    "NotPublished",  # policies are published on the command line
    "PolicyUnreadable",  # policies are read before the server starts
    "StayRefusal",  # only its subclasses are raised
    "UnknownName",  # found when a policy is checked and compiled
}


def errors_defined() -> dict[str, type[Exception]]:
    """Every exception class of the core rooms, by name."""
    found = {}
    for path in [p for room in ROOMS for p in (SETTLEMENT / room).rglob("*.py")]:
        module_name = ".".join(path.relative_to(SETTLEMENT.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                kind = getattr(importlib.import_module(module_name), node.name, None)
                if isinstance(kind, type) and issubclass(kind, Exception):
                    found[node.name] = kind
    return found


def test_every_domain_error_has_a_row() -> None:
    """A new refusal without a stable type fails here."""
    without = {
        name
        for name, kind in errors_defined().items()
        if not any(issubclass(kind, known) for known in PROBLEMS)
    }
    assert without <= NEVER_MET_OVER_HTTP
    assert {StayRefusal.__name__, IdentityDayDiffers.__name__} <= without


def test_every_cause_has_a_type_of_its_own() -> None:
    """Two causes never share a slug."""
    slugs = [kind.slug for kind in PROBLEMS.values()]
    assert len(slugs) == len(set(slugs))
    assert all(kind.title for kind in PROBLEMS.values())
