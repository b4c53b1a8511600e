"""Roles (角色): what somebody is there to do, as a token's `roles` claim names it."""

from collections.abc import Iterable
from enum import StrEnum

EVERY_INSTITUTION = "*"
"""In a token's `institutions`: whichever institution; not for a biller, who acts for its own."""


class Role(StrEnum):
    """What somebody may do (角色)."""

    BILLER = "biller"
    AUDITOR = "auditor"
    FINANCE = "finance"
    POLICY_AUTHOR = "policy_author"
    APPROVER = "approver"
    REGISTRAR = "registrar"
    OPERATOR = "operator"
    SERVICE = "service"

    @property
    def label(self) -> str:
        """In Chinese."""
        return _LABELS[self]


_LABELS = {
    Role.BILLER: "医院收费",
    Role.AUDITOR: "审计",
    Role.FINANCE: "基金财务",
    Role.POLICY_AUTHOR: "政策编制",
    Role.APPROVER: "复核批准",
    Role.REGISTRAR: "参保与身份登记",
    Role.OPERATOR: "系统运维",
    Role.SERVICE: "内部服务",
}

Roles = frozenset[Role]


def are_of_an_office(roles: Roles) -> bool:
    """Whether any of these is an office's (经办机构): all but the biller's are."""
    return bool(roles - {Role.BILLER})


def in_words(roles: Iterable[Role]) -> str:
    """Roles as a message lists them, always in the same order."""
    return "、".join(f"{role.label}（{role.value}）" for role in Role if role in set(roles))
