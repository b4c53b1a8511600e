"""Read models (读模型): one file each — its tables, its reaction to events, its queries.

What all of them do alike is `eventlog.followed_tables`.
"""
