"""Standalone (单机): both services in one process on SQLite, for one machine."""
