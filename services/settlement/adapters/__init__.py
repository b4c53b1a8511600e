"""Adapters (适配): files, the event log and other services, behind the ports."""
