"""Verifying the ledger (验账): what `verify_ledger` decides again, one file for each kind of it."""
