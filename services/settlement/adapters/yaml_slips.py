"""Likely causes of broken YAML (常见笔误): what people meant where the parser only says no.

Half-width commas, colons and # inside a sentence are signs of YAML; they need quotation marks.
"""

import re
from collections.abc import Sequence

import yaml

QUOTE_IT = '话里有半角的 , : # 时，把整句放进引号，如 note: "甲: 乙"，或改用全角'
PLAIN_AMOUNT = "金额里不加逗号，如 20000；话里有半角逗号的，把整句放进引号"
_SIGN_OF_KEY = re.compile(r":\s")
_BEGINS_AS_SIGN = re.compile(r"[:\-,{\[]\s*([@`%|>])")


def slip_of(wrong: yaml.YAMLError, text: str) -> tuple[int, str, str]:
    """The line (from 1) of a parser's error, what is wrong there and what to do."""
    mark, begun = getattr(wrong, "problem_mark", None), getattr(wrong, "context_mark", None)
    lines = text.splitlines() or [""]
    at = min(mark.line if mark else 0, len(lines) - 1)
    first = min(begun.line if begun else at, at)
    problem = getattr(wrong, "problem", None) or ""
    found = _cause(problem, lines[first : at + 1])
    if found is None:
        return at + 1, "YAML 格式不对", "检查缩进、冒号和引号"
    # What leaves a bracket open shows only later: the bracket's own line is the one to look at.
    is_open = "did not find expected ','" in problem
    return (first if is_open else at) + 1, f"YAML 格式不对：{found[0]}", found[1]


def slip_in_set(key: str) -> tuple[str, str]:
    """What a word without a colon between braces is: the rest of what a comma cut in two."""
    if key.isdigit():
        return f"半角逗号把一个数断开了，后面剩下“{key}”", PLAIN_AMOUNT
    return f"半角逗号把一句话断开了，后面剩下“{key}”", QUOTE_IT


def _cause(problem: str, lines: Sequence[str]) -> tuple[str, str] | None:
    said = "\n".join(lines)
    if any("\t" in line[: len(line) - len(line.lstrip())] for line in lines):
        return "行首有制表符（Tab）", "改用空格缩进"
    if "unexpected end of stream" in problem:
        return "引号没有成对", "补上另一半引号"
    known = (
        ("cannot start any token", _cause_of_sign),
        ("mapping values are not allowed", _cause_of_colon),
        ("did not find expected ','", _cause_in_brackets),
        ("did not find expected key", _cause_after_quotes),
    )
    return next((cause(said) for words, cause in known if words in problem), None)


def _cause_of_sign(said: str) -> tuple[str, str]:
    sign = _BEGINS_AS_SIGN.search(said)
    return f"值以“{sign[1]}”开头" if sign else "有不能放在开头的符号", "把值放进引号"


def _cause_of_colon(said: str) -> tuple[str, str]:
    if len(_SIGN_OF_KEY.findall(said.splitlines()[-1] + " ")) > 1:
        return "一句话里有半角冒号，或一行写了两个键", QUOTE_IT
    return "缩进与上一行对不齐", "同一级的键上下对齐"


def _cause_after_quotes(said: str) -> tuple[str, str] | None:
    has_quotes = any(sign in said for sign in "\"'")
    return ("引号后面还有字", "把整个值放进一对引号") if has_quotes else None


def _cause_in_brackets(said: str) -> tuple[str, str]:
    if " #" in said:
        return "括号里的“ #”以后都成了注释", QUOTE_IT
    if "，" in said and '"' not in said:
        return "括号里的键之间用了全角逗号，或话里有半角冒号", "键之间用半角逗号；" + QUOTE_IT
    if len(_SIGN_OF_KEY.findall(said)) > said.count(",") + 1:
        return "括号里的一句话有半角冒号", QUOTE_IT
    return "括号没有成对，或少了逗号", "补上 } 或 ]，各项之间写半角逗号"
