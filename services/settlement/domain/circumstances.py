"""What the hospital declares about a stay (住院情形), at admission and again at discharge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from contracts.vocabulary import InstitutionId

Stated = TypeVar("Stated")


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis (诊断) with its code system and version, such as ICD-10 医保版 2.0."""

    code: str
    system: str
    version: str


@dataclass(frozen=True)
class Declared:
    """One circumstance that policies ask for by a name of their own (另行申报的情形).

    Exactly one of the three is stated: `yes_no` (是非), `number` (数) or `word` (词).
    """

    name: str
    yes_no: bool | None = None
    number: int | None = None
    word: str | None = None

    @property
    def value(self) -> bool | int | str | None:
        """What was stated."""
        if self.yes_no is not None:
            return self.yes_no
        return self.word if self.number is None else self.number


def declarations(stated: Mapping[str, bool | int | str]) -> tuple[Declared, ...]:
    """Declarations by name, in one order: the same ones are always stored alike."""
    found = []
    for name, value in sorted(stated.items()):
        if isinstance(value, bool):
            found.append(Declared(name, yes_no=value))
        elif isinstance(value, int):
            found.append(Declared(name, number=value))
        else:
            found.append(Declared(name, word=value))
    return tuple(found)


@dataclass(frozen=True)
class TransferredFrom:
    """The stay that this one goes on (转院): the other hospital and its stay number."""

    institution_id: InstitutionId
    hospital_stay_number: str


@dataclass(frozen=True)
class Circumstances:
    """What the hospital declares about a stay (住院情形); None where nobody said.

    `care` is a code of the kinds of care (医疗类别), inpatient where nobody said otherwise;
    `disease` the listed disease the stay is settled under (病种), `none` where there is none.
    """

    referral: bool | None = None
    emergency: bool | None = None
    third_party_liability: bool | None = None
    surgery: bool | None = None
    diagnosis: Diagnosis | None = None
    care: str | None = None
    disease: str | None = None
    declared: tuple[Declared, ...] = ()
    transferred_from: TransferredFrom | None = None

    def amended(self, later: "Circumstances") -> "Circumstances":
        """What is known after a later declaration: what it states replaces what was stated."""
        return Circumstances(
            referral=_amended(self.referral, later.referral),
            emergency=_amended(self.emergency, later.emergency),
            third_party_liability=_amended(self.third_party_liability, later.third_party_liability),
            surgery=_amended(self.surgery, later.surgery),
            diagnosis=_amended(self.diagnosis, later.diagnosis),
            care=_amended(self.care, later.care),
            disease=_amended(self.disease, later.disease),
            declared=self._declared_with(later.declared),
            transferred_from=_amended(self.transferred_from, later.transferred_from),
        )

    def _declared_with(self, later: tuple[Declared, ...]) -> tuple[Declared, ...]:
        # What was stored is kept as it is: an answer that was tampered with must not mend itself.
        stated = [d for d in self.declared if all(d.name != other.name for other in later)]
        return tuple(sorted([*stated, *later], key=lambda d: d.name))

    @property
    def answers(self) -> dict[str, bool | int | str]:
        """What was declared, by name."""
        return {d.name: d.value for d in self.declared if d.value is not None}


def _amended(stated: Stated | None, later: Stated | None) -> Stated | None:
    return stated if later is None else later
