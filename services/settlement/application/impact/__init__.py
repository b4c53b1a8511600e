"""Measuring what another policy would do to a cohort (测算影响)."""
