"""Read models (读模型): one file each — its tables, its reaction to events, its queries."""
