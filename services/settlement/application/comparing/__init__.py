"""Comparing two policies (比较政策): rules against rules, not lines against lines."""
