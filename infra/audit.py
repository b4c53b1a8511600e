"""`make audit`: known vulnerabilities of everything locked, and a bill of materials (依赖审计).

Strict: what could not be looked up fails as loudly as what is vulnerable. Needs the network.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[1]
LOCKS: Final = ("requirements.lock", "infra/image.lock")
SHIPPED: Final = "infra/image.lock"
SERVICE_VARIABLE: Final = "YIZHAN_AUDIT_SERVICE"
_PINNED: Final = re.compile(r"^([a-z0-9][^ \\]*==[^ \\]+(?: ;[^\\]*)?)", re.MULTILINE)


def main() -> None:
    """Audit each lock and write the bill of materials; exit code 1 where anything is open."""
    folder = ROOT / "var/audit"
    folder.mkdir(parents=True, exist_ok=True)
    bill = folder / "yizhan.cdx.json"
    _write_bill_of_materials(bill)
    sys.stdout.write(f"物料清单（CycloneDX）{bill.relative_to(ROOT)}\n")
    service = os.environ.get(SERVICE_VARIABLE, "pypi")
    faults = [fault for lock in LOCKS for fault in audit(lock, service)]
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    if faults:
        sys.exit(f"审计没有通过：{len(faults)} 处")
    sys.stdout.write("没有已知漏洞 (no known vulnerabilities)\n")


def audit(lock: str, service: str) -> list[str]:
    """What is wrong with the packages of a lock, or with looking them up at a service."""
    options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off")
    ran = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, "-s", service, "-f", "json", "-r", lock],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(ran.stdout)
    except ValueError:
        said = ran.stderr.strip().rpartition("\n")[2][:400]
        remedy = (
            "须能访问 PyPI 的 JSON 接口（/pypi/包/版本/json，不少镜像没有）；"
            f"或用另一个漏洞库：{SERVICE_VARIABLE}=osv make audit"
        )
        return [f"{lock}：没有审计成：{said}\n  {remedy}"]
    return faults_of(report, pinned(lock), lock)


def pinned(lock: str) -> set[str]:
    """The packages that a lock installs on this machine."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = (Requirement(each.strip()) for each in _PINNED.findall(text))
    return {each.name for each in found if each.marker is None or each.marker.evaluate()}


def faults_of(report: Mapping[str, Any], wanted: Iterable[str], lock: str) -> list[str]:
    """Vulnerabilities, and packages that the report does not speak of."""
    told = {each["name"]: each for each in report["dependencies"]}
    absent = sorted(name for name in wanted if "vulns" not in told.get(name, {}))
    faults = [f"{lock}：{name} 没有查到，未审计" for name in absent]
    for name, each in told.items():
        for found in each.get("vulns", ()):
            fixed = "、".join(found["fix_versions"]) or "尚无"
            faults.append(f"{lock}：{name} {each['version']} {found['id']}，修复版本 {fixed}")
    return faults


def _write_bill_of_materials(to: Path) -> None:
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", SHIPPED]
    options = ("--pyproject", "pyproject.toml", "--sv", "1.6", "--of", "JSON", "-o", str(to))
    subprocess.run([*command, *options, "--output-reproducible"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
