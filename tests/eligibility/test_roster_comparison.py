"""Two offices' lists compared: who differs, how, and where; by example and against plain loops."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import CertificateType
from eligibility.adapters.roster_comparison import (
    as_frame,
    compare_lists,
    count_differences,
    differences_in,
)
from eligibility.domain.listed_person import Difference, ListedPerson

BORN = date(1950, 3, 7)


def listed(
    certificate: str | None,
    name: str = "张三",
    village: str | None = "东村",
    kind: str | None = "subsistence_allowance",
    birth: date | None = BORN,
) -> ListedPerson:
    """One line of a list."""
    return ListedPerson(certificate, name, birth, village, kind)


def compared(left: list[ListedPerson], right: list[ListedPerson]) -> list[Difference]:
    """What differs between two lists."""
    return list(differences_in(compare_lists(as_frame(left), as_frame(right))))


def told(found: Iterable[Difference]) -> list[tuple[str, str | None, str | None]]:
    """What, and the two numbers."""
    return [
        (
            each.what.value,
            each.left.certificate if each.left else None,
            each.right.certificate if each.right else None,
        )
        for each in found
    ]


def words(found: Iterable[Difference], what: str, field: str) -> list[tuple[str, str]]:
    """What both lists say in a field, for a kind of difference."""
    return [
        (getattr(each.left, field), getattr(each.right, field))
        for each in found
        if each.what.value == what
    ]


def test_lists_that_agree_differ_in_nothing() -> None:
    """The order of lines and of kinds does not count, nor what one list leaves out."""
    one = [listed("500112195003070011"), listed("500112195003070011", kind="orphan")]
    other = [listed("500112195003070011", village=None, kind="orphan", birth=None), one[0]]

    assert compared(one, other) == []


def test_each_list_may_lack_somebody() -> None:
    """The poor who are not enrolled, and those enrolled as poor whom nobody recognised."""
    poor = [listed("500112195003070011"), listed("50011219600101002X", "李四", "西村")]
    enrolled = [listed("500112195003070011"), listed("500112197001010033", "王五", "东村")]

    found = compared(poor, enrolled)

    assert told(found) == [
        ("missing_left", None, "500112197001010033"),
        ("missing_right", "50011219600101002X", None),
    ]
    assert found[0].right is not None
    assert found[1].left is not None
    assert (found[0].village, found[0].right.name) == ("东村", "王五")
    assert (found[1].village, found[1].left.name) == ("西村", "李四")


def test_kinds_and_names_are_told_side_by_side() -> None:
    """One office says 低保, the other 特困; one writes another name. What one list never speaks of
    is no contradiction."""
    found = compared(
        [
            listed("500112195003070011"),
            listed("50011219600101002X", "李四", kind="extreme_hardship"),
            listed("50011219600101002X", "李四", kind="enrolled"),
        ],
        [
            listed("500112195003070011", kind="extreme_hardship"),
            listed("50011219600101002X", "李泗", kind="extreme_hardship"),
            listed("50011219600101002X", "李泗", kind="subsistence_allowance"),
        ],
    )

    assert words(found, "kinds", "kinds") == [
        ("subsistence_allowance", "extreme_hardship"),
        ("enrolled、extreme_hardship", "extreme_hardship、subsistence_allowance"),
    ]
    assert words(found, "name", "name") == [("李四", "李泗")]
    assert len(found) == 3


def test_a_number_one_slip_away_is_one_person() -> None:
    """A digit mistyped, two that changed places, a check character: not two people missing."""
    right = "500112195003070011"
    for slip in ("500112195003070021", "500112195003700011", "500112195003070019"):
        assert told(compared([listed(right)], [listed(slip)])) == [("number", right, slip)]


def test_one_number_of_two_kinds_of_certificate_is_two_people() -> None:
    """A passport whose number happens to be that of a residence permit."""
    passport = replace(listed("E12345678"), certificate_type=CertificateType.PASSPORT)
    permit = replace(listed("E12345678"), certificate_type=CertificateType.RESIDENCE_PERMIT)

    assert told(compared([passport], [permit])) == [
        ("missing_left", None, "E12345678"),
        ("missing_right", "E12345678", None),
    ]
    assert compared([passport], [passport]) == []


def test_a_birth_mistyped_is_told_by_the_village() -> None:
    """The birth date in the number differs with it; name and village are the same."""
    one, other = "500112195003070011", "500112195103070011"
    left, right = [listed(one)], [listed(other, birth=date(1951, 3, 7))]

    assert told(compared(left, right)) == [("number", one, other)]
    apart = [listed(other, birth=date(1951, 3, 7), village="西村")]
    assert Counter(what for what, _, _ in told(compared(left, apart))) == {
        "missing_left": 1,
        "missing_right": 1,
    }


def test_two_likely_partners_are_left_to_people() -> None:
    """Twins of one name whose numbers are both one digit off: nobody is guessed."""
    found = told(
        compared(
            [listed("500112195003070011")],
            [listed("500112195003070021"), listed("500112195003070031")],
        )
    )
    assert Counter(what for what, _, _ in found) == {"missing_left": 2, "missing_right": 1}


def test_one_number_with_two_names_in_one_list_is_told() -> None:
    """Whichever list it stands in."""
    twice = [listed("500112195003070011"), listed("500112195003070011", "张三丰")]

    assert told(compared(twice, [listed("500112195003070011")])) == [
        ("two_names_left", "500112195003070011", None)
    ]
    assert told(compared([listed("500112195003070011")], twice)) == [
        ("two_names_right", None, "500112195003070011")
    ]


def test_differences_are_counted_by_village() -> None:
    """What a township is sent."""
    poor = [listed("500112195003070011"), listed("50011219600101002X", "李四", "西村")]
    counts = count_differences(compare_lists(as_frame(poor), as_frame([])))

    assert counts.rows() == [
        (None, "东村", "missing_right", 1),
        (None, "西村", "missing_right", 1),
    ]


_BODIES = [f"50011219500307{at:03}" for at in range(16)] + ["50011219503007001", "A1234"]
_people = st.lists(
    st.builds(
        listed,
        st.sampled_from([f"{body}{check}" for body in _BODIES for check in "12"] + [None]),
        st.sampled_from(["张三", "李四"]),
        st.sampled_from(["东村", "西村", None]),
        st.sampled_from(["poor", "orphan", None]),
        st.sampled_from([BORN, None]),
    ),
    max_size=12,
)


def _by_number(people: list[ListedPerson]) -> dict[str, list[ListedPerson]]:
    found = defaultdict(list)
    for each in people:
        if each.certificate is not None:
            found[each.certificate].append(each)
    return dict(found)


def _first(values: Iterable[object]) -> object:
    return next((value for value in values if value is not None), None)


def _is_slip(one: str, other: str) -> bool:
    if len(one) != 18 or len(other) != 18 or one == other:
        return False
    differs = [at for at in range(17) if one[at] != other[at]]
    if len(differs) == 2:
        a, b = differs
        return b == a + 1 and one[a] == other[b] and one[b] == other[a]
    return len(differs) <= 1


@given(_people, _people)
def test_every_difference_and_no_other_is_told(
    left: list[ListedPerson], right: list[ListedPerson]
) -> None:
    """What plain loops over both lists find."""
    mine, theirs = _by_number(left), _by_number(right)
    shared = {r.kind for r in left} & {r.kind for r in right} - {None}
    expected: Counter[tuple[str, str | None, str | None]] = Counter()
    for number, rows in mine.items():
        expected["two_names_left", number, None] += len({r.name for r in rows}) > 1
    for number, rows in theirs.items():
        expected["two_names_right", None, number] += len({r.name for r in rows}) > 1
    for number in mine.keys() & theirs.keys():
        a, b = mine[number], theirs[number]
        expected["name", number, number] += a[0].name != b[0].name
        kinds = [{r.kind for r in rows} & shared for rows in (a, b)]
        expected["kinds", number, number] += kinds[0] != kinds[1]
    lone, other = sorted(mine.keys() - theirs.keys()), sorted(theirs.keys() - mine.keys())
    pairs = []
    for x, y in product(lone, other):
        a, b = mine[x], theirs[y]
        births = _first(r.birth for r in a), _first(r.birth for r in b)
        villages = _first(r.village for r in a), _first(r.village for r in b)
        is_alike = (births[0] is not None and births[0] == births[1]) or (
            villages[0] is not None and villages[0] == villages[1]
        )
        if a[0].name == b[0].name and is_alike and _is_slip(x, y):
            pairs.append((x, y))
    sure = [
        (x, y)
        for x, y in pairs
        if sum(x == p for p, _ in pairs) == 1 and sum(y == q for _, q in pairs) == 1
    ]
    for x, y in sure:
        expected["number", x, y] += 1
    for x in set(lone) - {p for p, _ in sure}:
        expected["missing_right", x, None] += 1
    for y in set(other) - {q for _, q in sure}:
        expected["missing_left", None, y] += 1

    assert Counter(told(compared(left, right))) == +expected
