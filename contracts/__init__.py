"""What the services promise each other and the outside, and nothing they may do (契约)."""
