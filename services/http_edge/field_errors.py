"""What is wrong with a field, in Chinese (字段错误), from the kind of error and never its input."""

from collections.abc import Mapping
from typing import Any

# pydantic's kinds of error; `{…}` are limits taken from our own schema, never from the request.
_MESSAGES = {
    "missing": "缺少该字段 (missing)",
    "extra_forbidden": "未知字段 (unknown field)",
    "int_type": "必须是整数 (integer)",
    "int_parsing": "必须是整数 (integer)",
    "int_from_float": "必须是整数 (integer)",
    "int_parsing_size": "整数过大 (integer too large)",
    "float_type": "必须是数字 (number)",
    "bool_type": "必须是 true 或 false (boolean)",
    "bool_parsing": "必须是 true 或 false (boolean)",
    "string_type": "必须是文本 (string)",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不正确 (pattern)",
    "date_type": "必须是日期 YYYY-MM-DD (date)",
    "date_parsing": "必须是日期 YYYY-MM-DD (date)",
    "date_from_datetime_parsing": "必须是日期 YYYY-MM-DD (date)",
    "date_from_datetime_inexact": "必须是日期 YYYY-MM-DD (date)",
    "datetime_type": "必须是带时区的时刻，如 2023-07-01T00:00:00Z (instant)",
    "datetime_parsing": "必须是带时区的时刻，如 2023-07-01T00:00:00Z (instant)",
    "datetime_from_date_parsing": "必须是带时区的时刻，如 2023-07-01T00:00:00Z (instant)",
    "timezone_aware": "时刻必须带时区，如 2023-07-01T00:00:00Z (time zone)",
    "enum": "取值须为：{expected}",
    "literal_error": "取值须为：{expected}",
    "greater_than": "必须大于 {gt}",
    "greater_than_equal": "不得小于 {ge}",
    "less_than": "必须小于 {lt}",
    "less_than_equal": "不得大于 {le}",
    "list_type": "必须是列表 (list)",
    "tuple_type": "必须是列表 (list)",
    "dict_type": "必须是对象 (object)",
    "model_type": "必须是对象 (object)",
    "model_attributes_type": "必须是对象 (object)",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "none_required": "必须为空 (null)",
}
_OTHERWISE = "取值不正确 (invalid value)"


def message_zh(error: Mapping[str, Any]) -> str:
    """The message for one of pydantic's errors; a general one for kinds not listed here."""
    return _MESSAGES.get(error["type"], _OTHERWISE).format_map(error.get("ctx") or {})
