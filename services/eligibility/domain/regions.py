"""Regions (区划): which region lies in which, by the digits of GB/T 2260."""

_CITY_WIDE, _PROVINCE_WIDE = "00", "0000"


def covers(region: str, other: str) -> bool:
    """Whether a region is another, or the city or province that it lies in (区划包含)."""
    for ending in (_PROVINCE_WIDE, _CITY_WIDE):
        if region.endswith(ending):
            return other.startswith(region.removesuffix(ending))
    return other == region
