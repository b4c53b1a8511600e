"""For which institution somebody acts, and as what (机构核对): an office, a hospital, or nobody's.

Offices are listed, and hospitals stand in the directory: a code that is neither, by a typing error
or otherwise, is refused instead of passing for an office that sees everything.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from http_edge.acting import INSTITUTION_HEADER
from http_edge.identity.caller import Caller
from http_edge.identity.identity_settings import OFFICES_VARIABLE
from http_edge.identity.roles import EVERY_INSTITUTION, Roles, are_of_an_office
from http_edge.identity.route_table import Row
from http_edge.problems import Problem

NOT_YOURS = Problem(
    "institution-not-yours",
    403,
    "不能代这家机构办理 (institution not yours)",
    f"令牌不是为 {INSTITUTION_HEADER} 所写的机构签发的",
)
UNKNOWN = Problem(
    "institution-not-in-directory",
    403,
    "机构不在机构目录中 (institution not in the directory)",
    f"医疗机构须先登记到机构目录；经办机构须列在 {OFFICES_VARIABLE} 中，或用机构为 * 的令牌",
)
ONLY_OFFICES = Problem(
    "only-offices",
    403,
    "只限经办机构 (offices only)",
    "这项内容涉及全部机构；须用经办机构的令牌：机构为 *，或列在 "
    f"{OFFICES_VARIABLE} 中。医疗机构请查本机构的住院与结算",
)


class InstitutionRefused(Exception):
    """Somebody may not act for an institution; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.type_slug)


class Institutions:
    """The offices as they are listed, and the directory of hospitals, where there is one."""

    def __init__(
        self, offices: frozenset[str], is_hospital: Callable[[str], bool] | None = None
    ) -> None:
        self._offices = offices
        self._is_hospital = is_hospital
        self._hospitals: set[str] = set()

    async def require(
        self, caller: Caller, granted: Roles, row: Row, institution: str | None
    ) -> bool:
        """Whether they act as an office, where they may act for this institution at all.

        None is a request that names no institution. Raises InstitutionRefused, and what the
        directory raises.
        """
        if institution is not None and not caller.may_act_for(institution, granted):
            raise InstitutionRefused(NOT_YOURS)
        of_an_office = are_of_an_office(granted) and self._is_office(caller, institution)
        if row.is_province_wide and not of_an_office:
            raise InstitutionRefused(ONLY_OFFICES)
        if institution is None or not are_of_an_office(row.roles or frozenset()):
            return of_an_office
        is_listed = not self._offices or institution in self._offices
        if not (of_an_office and is_listed):
            await self._require_hospital(institution)
        return of_an_office

    def _is_office(self, caller: Caller, institution: str | None) -> bool:
        if EVERY_INSTITUTION in caller.institutions:
            return True
        named = caller.institutions if institution is None else {institution}
        return bool(self._offices & named)

    async def _require_hospital(self, institution_id: str) -> None:
        """Hospitals that were found once are known: the directory forgets nobody."""
        if self._is_hospital is None or institution_id in self._hospitals:
            return
        if not await run_in_threadpool(self._is_hospital, institution_id):
            raise InstitutionRefused(UNKNOWN)
        self._hospitals.add(institution_id)
