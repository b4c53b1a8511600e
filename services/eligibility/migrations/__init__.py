"""How the tables on a server came to be what they are (数据库迁移), one step a file, in order.

`yizhan migrate` runs those that a database has not seen. A step that was released never changes.
"""

NEWEST = "0001"
"""The step that a schema has seen before the service starts on it."""
