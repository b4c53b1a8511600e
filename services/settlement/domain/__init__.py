"""The domain (领域): stays, benefit years, and what was decided about them, as events."""
