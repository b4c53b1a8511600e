"""Stories about the event log (事件日志)."""
