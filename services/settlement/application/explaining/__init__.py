"""Unfolding a settlement into sums that anybody can work out again (逐步说明)."""
