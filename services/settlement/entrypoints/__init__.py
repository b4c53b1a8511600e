"""Entrypoints (入口): HTTP and the command line; they translate, and read the clock."""
