"""The law as the ledger holds it (账本中的政策): by fingerprint, whatever files say today."""

import json
from collections.abc import Iterable

from settlement.application.ports import Ledger
from settlement.domain.law_text import LawText, law_text_id
from settlement.domain.record import SettlementInputs
from settlement.kernel.cascade import ARITHMETIC_VERSION, Cascade, compile_policy
from settlement.law.policy import READABLE_LANGUAGES, Policy
from settlement.law.reading import read_policy


class LawMissing(Exception):
    """The ledger names a policy whose text it does not hold, or holds altered."""


class LawLibrary:
    """Policies out of the ledger, ready to compute."""

    def __init__(self, ledger: Ledger):
        """Reads each text once."""
        self._ledger = ledger
        self._known: dict[str, Cascade] = {}
        self._coming: dict[str, Policy] = {}

    def along_with(self, policies: Iterable[Policy]) -> "LawLibrary":
        """The same, and policies that are about to be put into the ledger."""
        library = LawLibrary(self._ledger)
        library._known = dict(self._known)
        library._coming = {policy.fingerprint: policy for policy in policies}
        return library

    def cascade_of(self, inputs: SettlementInputs) -> Cascade:
        """The policy a settlement followed, by the arithmetic it was computed with.

        Raises LawMissing.
        """
        if inputs.arithmetic_version != ARITHMETIC_VERSION:
            raise LawMissing(f"没有第 {inputs.arithmetic_version} 版算法，无法重新计算")
        return self.cascade(inputs.fingerprint)

    def cascade(self, fingerprint: str) -> Cascade:
        """The policy with this fingerprint. Raises LawMissing."""
        if fingerprint not in self._known:
            self._known[fingerprint] = self._read(fingerprint)
        return self._known[fingerprint]

    def _read(self, fingerprint: str) -> Cascade:
        if fingerprint in self._coming:
            return compile_policy(self._coming[fingerprint])
        text = self._ledger.find(law_text_id(fingerprint), LawText)
        if text is None:
            raise LawMissing(f"账本里没有指纹为 {fingerprint} 的政策文本")
        if text.language_version not in READABLE_LANGUAGES:
            raise LawMissing(f"政策文本的语言版本 {text.language_version} 无法执行")
        policy = read_policy(json.loads(text.canonical_text))
        if policy.fingerprint != fingerprint:
            raise LawMissing(f"指纹为 {fingerprint} 的政策文本与指纹不符")
        return compile_policy(policy)
