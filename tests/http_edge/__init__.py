"""Stories about what both HTTP faces share (HTTP 公共约定)."""
