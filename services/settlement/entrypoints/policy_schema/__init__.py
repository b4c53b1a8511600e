"""JSON Schema of policy documents and case files (编辑器模式), so that editors complete and check.

What the reader accepts and what stands here is held together by a test; the reader decides.
"""
