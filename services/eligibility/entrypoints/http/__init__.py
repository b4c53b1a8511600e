"""The HTTP face of eligibility (HTTP 接口)."""
