"""Every fault that a document can have is told by line, in words, with what to do about it.

what_checking_says.txt spoils the document of the whole language in one place after another.
"""

from typing import Any

import pytest

from settlement.adapters.plain_yaml import NotPlain, read_plain_text
from settlement.application.check_policies import Draft, check_policies
from settlement.law.document import Path as TreePath
from tests.settlement.kernel.kept_texts import Story, stories_in
from tests.settlement.policies.drafts import WHOLE_LANGUAGE

KEPT = "what_checking_says.txt"

UNSPOILT = "缺少参数 assistance.rate.row_2.then：以上没有写"
"""What is said of the document before it is spoilt, and not repeated in every story."""


WITHOUT = "不写 "
"""Begins a change that takes a whole entry out: the keys that lead to it follow."""


def tell(done: str) -> str:
    """What checking says of the whole language after these changes, `old → new`, one a line.

    `⏎` stands for the end of a line; `不写 dates.claim_by.day` takes out a whole entry.
    """
    text = WHOLE_LANGUAGE
    changes = [change for change in done.splitlines() if not change.startswith(WITHOUT)]
    for change in changes:
        old, arrow, new = (part.replace("⏎", "\n") for part in change.partition(" → "))
        assert arrow
        assert old in text, f"“{old}” is no longer in the document"
        text = text.replace(old, new, 1)
    lines: dict[TreePath, int] = {}
    try:
        tree = read_plain_text(text, lines)
    except NotPlain as refused:
        return f"{refused.line}: {refused.message}；{refused.remedy}"
    for change in done.splitlines():
        if change.startswith(WITHOUT):
            _take_out(tree, change.removeprefix(WITHOUT).split("."))
    said = []
    for fault in (finding.fault for finding in check_policies([Draft(tree)])):
        if fault.message == UNSPOILT:
            continue
        place = fault.path
        while place and place not in lines:
            place = place[:-1]
        kind = "提示" if fault.is_warning else "错误"
        where = ".".join(map(str, fault.path))
        said.append(f"{lines[place]}: {kind} {where}：{fault.message}；{fault.remedy}")
    return "\n".join(said) or "没有问题"


def _take_out(tree: Any, keys: list[str]) -> None:
    for key in keys[:-1]:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    del tree[keys[-1]]


@pytest.mark.parametrize("story", stories_in(KEPT), ids=lambda story: story.number)
def test_checking_says_what_is_kept(story: Story) -> None:
    """Line, place, what is wrong and what to do."""
    assert tell(story.done) == story.said
