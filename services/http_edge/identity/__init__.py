"""Who calls, and what they may do (身份与权限): tokens, roles, the guard before routes."""
