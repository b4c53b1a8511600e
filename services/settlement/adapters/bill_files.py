"""Files of single bills (费用单文件): JSON, or YAML of the same shape."""

import json
from pathlib import Path
from typing import Any

import yaml

_LARGEST_BYTES = 1_000_000


class BillFileFaulty(Exception):
    """The file is no JSON and no YAML; the message says why."""


def read_bill_file(path: Path) -> Any:
    """What the file holds, as nested values. Raises BillFileFaulty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BillFileFaulty("不是 UTF-8 编码；另存为 UTF-8") from wrong
    except OSError as wrong:
        raise BillFileFaulty(f"无法打开（{wrong.strerror}）") from wrong
    if len(text) > _LARGEST_BYTES:
        raise BillFileFaulty("文件过大，一份不超过 1 MB")
    try:
        return json.loads(text) if path.suffix == ".json" else _read_yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError) as wrong:
        raise BillFileFaulty(f"读不懂：{str(wrong).splitlines()[0]}") from wrong


def _read_yaml(text: str) -> Any:
    """A few lines with anchors may unfold without end: a bill has no use for them."""
    if any(isinstance(token, yaml.AliasToken | yaml.AnchorToken) for token in yaml.scan(text)):
        raise BillFileFaulty("用了锚点和引用（& 与 *）；把值写在它适用的地方")
    return yaml.safe_load(text)
