"""Against resolving what a list that was cut off no longer names (销号上限)."""

from dataclasses import dataclass


class WouldResolveTooMany(Exception):
    """So much is no longer found that a list may be cut off (本次销号过多)."""


@dataclass(frozen=True)
class ResolvingGuard:
    """How many may be resolved before somebody must name the number (销号上限)."""

    limit_percent: int

    def require(self, resolved: int, *, of: int, confirmed: int | None) -> None:
        """Raises `WouldResolveTooMany` with the figures, unless exactly they are confirmed."""
        if resolved * 100 <= self.limit_percent * of or confirmed == resolved:
            return
        message = (
            f"未销号 {of} 条，本次比对将销号 {resolved} 条，超过 {self.limit_percent}%；"
            f"名单可能不完整，未存入。核实无误后，请确认销号条数 {resolved} 再存入"
            " (would resolve too many)"
        )
        raise WouldResolveTooMany(message)
