"""Where requests and commands come in (入口)."""
