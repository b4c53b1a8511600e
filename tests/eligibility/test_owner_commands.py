"""`yizhan owner …` against a stand-in in a process of its own, and the file that names servers."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from contracts.vocabulary import DataOwner
from eligibility.adapters.owner_sources_file import OwnerSourcesUnusable, read_owner_sources
from eligibility.entrypoints.cli import app
from eligibility.settings import read_settings
from tests.eligibility.owner_office import TOKEN, VARIABLE, entry

runner = CliRunner()
COMMAND = (sys.executable, "-m", "yizhan", "owner-stand-in", "--port", "0", "--token", TOKEN)


@pytest.fixture(name="url")
def _url() -> Iterator[str]:
    """A stand-in that runs as the documentation says, and is killed afterwards."""
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        yield found.group()
        process.kill()


@pytest.fixture(name="data")
def _data(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder, and the environment that names the server."""
    file = tmp_path / "owners.yaml"
    file.write_text(entry("minzheng", "民政", url), encoding="utf-8")
    monkeypatch.setenv("YIZHAN_OWNERS", str(file))
    monkeypatch.setenv(VARIABLE, TOKEN)
    monkeypatch.setenv("COLUMNS", "200")
    return str(tmp_path / "data")


def run(*arguments: str, data: str) -> tuple[int, str]:
    """The command's exit code and all it said."""
    done = runner.invoke(app, ["owner", *arguments, "--data", data])
    return done.exit_code, done.output


def test_a_feed_is_followed_once_and_its_status_told(data: str) -> None:
    """Three changes of two invented people; at the end of the feed, nothing left."""
    followed = run("follow", "minzheng", "--once", data=data)
    again = run("follow", "minzheng", "--once", data=data)
    status = run("status", data=data)

    assert followed == (0, "收到 3 条至位置 3：新增人员 2，记录 2，撤回 1，搁置 0\n")
    assert again == (0, "")
    assert status[0] == 0
    assert re.search(r"minzheng +│ 民政部门 +│ 3 +│ 0 +│ .*有应答 +│ 0", status[1])


def test_what_is_set_aside_is_shown_and_may_be_tried_again(data: str, url: str) -> None:
    """An identity nobody registered: by position and reason, without name or number."""
    told = {
        "certificate_number": "990001197109110041",
        "name": "样例丁",
        "stated": {"identities": [{"identity": "no_such", "valid_from": "2023-01-01"}]},
    }
    httpx2.post(f"{url}/stand-in/told", json=told, trust_env=False).raise_for_status()

    followed = run("follow", "minzheng", "--once", data=data)
    status = run("status", data=data)
    retried = run("retry", "minzheng", data=data)

    line = (
        "搁置：minzheng 位置 4，身份代码未登记；请对方核对，改正后运行 yizhan owner retry minzheng"
    )
    assert followed[0] == 0
    assert [line in each for _, each in (followed, status, retried)] == [True] * 3
    assert retried[0] == 1
    assert "样例丁" not in "".join(each for _, each in (followed, status, retried))
    assert "99000119710911" not in "".join(each for _, each in (followed, status, retried))


def test_a_server_that_speaks_the_contract_passes_the_check(data: str) -> None:
    """Every line is ticked."""
    code, said = run("check", "minzheng", data=data)

    assert code == 0
    assert said.count("✓") == 6
    assert "✗" not in said


@pytest.mark.parametrize(
    ("mode", "told"), [("down", "对方系统出错"), ("garbage", "答复不符合契约")]
)
def test_a_server_that_does_not_is_told_what_is_wrong(
    data: str, url: str, mode: str, told: str
) -> None:
    """Down or nonsense: crossed, exit code 1; following once fails in one line as well."""
    httpx2.post(f"{url}/stand-in/mode/{mode}", trust_env=False).raise_for_status()

    code, said = run("check", "minzheng", data=data)
    followed = run("follow", "minzheng", "--once", data=data)

    assert (code, said.count("✗")) == (1, 2)
    assert f"不符合：{told}" in said
    assert followed == (1, f"{told}\n")


def test_the_wrong_token_is_told(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """401 is a refusal, and the token is not repeated."""
    monkeypatch.setenv(VARIABLE, "another-token")

    code, said = run("follow", "minzheng", "--once", data=data)

    assert (code, said) == (1, "对方拒绝（请核对令牌与地址）\n")


def test_a_server_nobody_configured_is_refused_by_name(data: str) -> None:
    """The message lists the configured ones."""
    code, said = run("follow", "weijian", "--once", data=data)

    assert code == 1
    assert "没有名为 weijian 的部门连接；已配置：minzheng" in said


# --- the file -----------------------------------------------------------------------------------

GOOD = entry("minzheng", "民政", "https://minzheng.example", "应答限时秒: 1.5")


def test_a_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    """Two seconds to connect unless it says otherwise; the token is nowhere shown."""
    file = tmp_path / "owners.yaml"
    file.write_text(GOOD, encoding="utf-8")

    (source,) = read_owner_sources(file, tokens={VARIABLE: "secret-token"}).values()

    assert source.connector.owner is DataOwner.CIVIL_AFFAIRS
    assert source.connector.regions == ("421022",)
    assert source.patience_seconds == 3.5
    settings = read_settings({"YIZHAN_OWNERS": str(file), VARIABLE: "secret-token", "OTHER": "x"})
    assert (settings.owners, settings.owner_tokens) == (file, {VARIABLE: "secret-token"})
    assert "secret-token" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("名称: x", 1, "须为列表"),
        ("- 名称: [\n", 2, "不是合法的 YAML"),
        (GOOD.replace("名称: minzheng", "名称: 民政局"), 1, "小写字母"),
        (GOOD.replace("部门: 民政", "部门: 教育"), 2, "须为：乡村振兴、民政"),
        (GOOD.replace("https", "http"), 3, "明文"),
        (GOOD.replace("https://minzheng.example", "minzheng"), 3, "https://"),
        (GOOD.replace(VARIABLE, "HOME"), 4, "YIZHAN_OWNER_TOKEN_"),
        (GOOD.replace(VARIABLE, "YIZHAN_OWNER_TOKEN_NONE"), 4, "没有设置环境变量"),
        (GOOD.replace("421022", "4210"), 5, "6 位"),
        (GOOD.replace("1.5", "60"), 6, "0 至 30"),
        (GOOD.replace("应答限时秒", "应答时限"), 6, "没有这个键"),
        (GOOD + GOOD, 7, "重名"),
        (GOOD + "  令牌文件: /nowhere/token\n", 7, "只写一个"),
        (GOOD + "  根证书: /nowhere/ca.pem\n", 7, "PEM"),
        ("- 名称: minzheng\n", 1, "缺少“部门”"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(
    text: str, line: int, what: str, tmp_path: Path
) -> None:
    """Line and remedy; never the token."""
    file = tmp_path / "owners.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(OwnerSourcesUnusable) as refused:
        read_owner_sources(file, tokens={VARIABLE: "secret-token"})

    assert f"第 {line} 行" in str(refused.value)
    assert what in str(refused.value)
    assert "secret-token" not in str(refused.value)


def test_a_token_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Readable by others: refused with the command to run; by its owner alone: read."""
    token = tmp_path / "token"
    token.write_text("secret-token\n", encoding="ascii")
    token.chmod(0o644)
    file = tmp_path / "owners.yaml"
    text = GOOD.replace(f"令牌变量: {VARIABLE}", f"令牌文件: {token}")
    file.write_text(text, encoding="utf-8")

    with pytest.raises(OwnerSourcesUnusable, match="chmod 600"):
        read_owner_sources(file, tokens={})
    token.chmod(0o600)
    assert list(read_owner_sources(file, tokens={})) == ["minzheng"]


# --- following for as long as it runs -------------------------------------------------------------


def test_following_goes_on_through_an_outage_until_it_is_stopped(data: str, url: str) -> None:
    """New changes come in as they are told, also after the server was down; Ctrl-C ends it."""
    told = {
        "certificate_number": "990001196605300077",
        "name": "样例庚",
        "stated": {"identities": [{"identity": "orphan", "valid_from": "2023-01-01"}]},
    }
    command = [sys.executable, "-m", "yizhan", "owner", "follow", "minzheng", "--every", "0.1"]
    with subprocess.Popen(
        [*command, "--data", data],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        httpx2.post(f"{url}/stand-in/mode/down", trust_env=False).raise_for_status()
        outage = process.stdout.readline()
        httpx2.post(f"{url}/stand-in/told", json=told, trust_env=False).raise_for_status()
        httpx2.post(f"{url}/stand-in/mode/answering", trust_env=False).raise_for_status()
        later = [process.stdout.readline()]
        while "没有应答" in later[-1]:
            later.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        stopped = process.stdout.read()

    assert first.startswith("收到 3 条至位置 3")
    assert "没有应答：对方系统出错；稍后再试" in outage
    assert later[-1].startswith("收到 1 条至位置 4：新增人员 1，记录 1")
    assert "已停止" in stopped
    assert process.returncode == 0
