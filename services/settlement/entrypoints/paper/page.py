"""What stands on the paper (结算单版面): words and amounts in order, before any layout.

One page value is laid out as HTML and as PDF, so that both say the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepOnPage:
    """One payer step (支付步骤): its rule in words with figures, and what it comes to in yuan."""

    mark: str
    name: str
    payer: str
    rule: str
    amount: str


@dataclass(frozen=True)
class TotalOnPage:
    """What one side pays in all (合计), in yuan; `note` says more about it."""

    label: str
    amount: str
    note: str = ""


@dataclass(frozen=True)
class Page:
    """A statement as it is read (结算单).

    `warning` stands under the title, `across` over the whole page. `parts` are the parts of the
    bill, `below` what stands under the sums, a sentence each.
    """

    title: str
    hospital: str
    warning: str
    across: str
    heading: tuple[tuple[str, str], ...]
    policy: str
    parts: tuple[tuple[str, str], ...]
    steps: tuple[StepOnPage, ...]
    totals: tuple[TotalOnPage, ...]
    patient: TotalOnPage
    below: tuple[str, ...]
    number: str
    code: str
    printed: str

    @property
    def check(self) -> str:
        """What the square code says: number and code, which the check asks for."""
        return f"YIZHAN-CHECK {self.number} {self.code}"


def texts_of(page: Page) -> str:
    """Everything that is written on the page, to see which characters it needs."""
    pairs = [text for pair in (*page.heading, *page.parts) for text in pair]
    steps = [text for step in page.steps for text in vars(step).values()]
    totals = [text for total in (*page.totals, page.patient) for text in vars(total).values()]
    plain = (page.title, page.hospital, page.warning, page.across, page.policy, page.printed)
    return "".join([*plain, *pairs, *steps, *totals, *page.below, page.number, page.code])
