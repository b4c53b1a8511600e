"""Policies: what ships, how it is checked, how people read and try it."""
