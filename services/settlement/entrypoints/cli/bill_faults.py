"""What is wrong with a bill's file (费用单的错误): where and why, never what was entered."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from http_edge.field_errors import message_zh


def faults_in_words(wrong: ValidationError) -> str:
    """One line for each fault, in Chinese."""
    return "\n".join(
        f"  {'.'.join(str(p) for p in fault['loc']) or '全文'}：{_said(fault)}"
        for fault in wrong.errors(include_input=False, include_url=False)
    )


def _said(fault: ErrorDetails) -> str:
    if fault["type"] == "json_invalid":
        return "不是完整的 JSON，检查引号、逗号和括号"
    return message_zh(fault)
