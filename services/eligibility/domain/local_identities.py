"""A region's own identities (本地身份): codes `local_…` with the Chinese names users read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.vocabulary import Identity

LOCAL_CODE = re.compile(r"local_[a-z0-9_]{1,58}")


class UnknownIdentity(Exception):
    """A code that is neither known everywhere nor in the region's registry (未登记的身份)."""


@dataclass(frozen=True)
class LocalIdentities:
    """The registry (本地身份登记表); with `names` None, every `local_…` code is taken."""

    names: Mapping[str, str] | None = None

    def require_known(self, code: str) -> None:
        """Let a code pass that may be stated. Raises `UnknownIdentity`."""
        if code in set(Identity):
            return
        if self.names is None and LOCAL_CODE.fullmatch(code):
            return
        if self.names is not None and code in self.names:
            return
        registered = "、".join(f"{each}（{name}）" for each, name in (self.names or {}).items())
        message = f"身份代码 {code} 未登记；" + (
            f"可用的本地身份：{registered}；请更正代码，或在本地身份登记表中补登"
            if registered
            else "全国身份见词汇表，本地身份代码须以 local_ 开头并在本地身份登记表中登记"
        )
        raise UnknownIdentity(message)

    def code_called(self, name: str) -> str | None:
        """The local code with this Chinese name, or None."""
        codes = (code for code, known in (self.names or {}).items() if known == name)
        return next(codes, None)

    def name_of(self, code: str) -> str:
        """The Chinese name of a code; the code itself where none is registered."""
        labels = {each.value: each.label for each in Identity}
        return labels.get(code) or (self.names or {}).get(code, code)
