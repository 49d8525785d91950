"""What is published, and where it runs: the files that say so agree with each other."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from extremum.reports.cli import main

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = "https://example.org/owner/name"


def workflow(name: str) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return read


def commands(job: dict[str, Any]) -> list[str]:
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


@pytest.fixture(scope="module")
def links() -> ModuleType:
    """The script that the workflow runs before it builds."""
    spec = importlib.util.spec_from_file_location("absolute_links", ROOT / ".ci" / "absolute_links.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_links_to_files_that_are_there(links: ModuleType) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(links.LINK.findall(text)) > 10
    # In an sdist that is published all are absolute.
    assert [place for place in links.relative_links(text) if not (ROOT / place).exists()] == []


def test_what_is_published_has_absolute_links(links: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "![A picture](a.png) [a file](a.md#part) [here](#below) [there](https://example.org) `x[0](1)`\n"
    )
    (tmp_path / "a.png").touch()
    (tmp_path / "a.md").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nkey = 1\n")
    with pytest.raises(SystemExit, match=r"README\.md links to '1', which is not there"):
        links.main(tmp_path, ADDRESS, "v1.0")
    readme = (tmp_path / "README.md").read_text().replace(" `x[0](1)`", "")
    (tmp_path / "README.md").write_text(readme)
    links.main(tmp_path, ADDRESS, "v1.0")
    assert (tmp_path / "README.md").read_text() == (
        f"![A picture]({ADDRESS}/raw/v1.0/a.png) [a file]({ADDRESS}/blob/v1.0/a.md#part) "
        "[here](#below) [there](https://example.org)\n"
    )
    table = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert table["tool"]["other"] == {"key": 1}
    assert table["project"]["urls"] == {
        "Repository": ADDRESS,
        "Documentation": f"{ADDRESS}/blob/v1.0/README.md",
        "Changelog": f"{ADDRESS}/blob/v1.0/CHANGELOG.md",
    }
    with pytest.raises(SystemExit, match="made ready before"):
        links.main(tmp_path, ADDRESS, "v1.0")


@pytest.mark.parametrize("address", ["", "/owner/name", "git@example.org:owner/name"])
def test_an_address_that_is_none_is_refused(links: ModuleType, tmp_path: Path, address: str) -> None:
    (tmp_path / "README.md").touch()
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(SystemExit, match=re.escape(f"repository={address!r} is no address")):
        links.main(tmp_path, address, "v1.0")
    assert (tmp_path / "README.md").read_text() == ""


def test_a_tag_publishes_an_sdist_and_a_wheel_and_nothing_else() -> None:
    published = workflow("publish.yml")
    assert published[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    assert published["permissions"] == {"contents": "read"}
    assert [name for name, job in published["jobs"].items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert commands(published["jobs"]["publish"]) == []
    built = commands(published["jobs"]["build"])
    assert built[-3:] == ["python -m pip install build twine", "python -m build", "twine check --strict dist/*"]
    done = (ROOT / ".ci" / "run").read_text(encoding="utf-8")  # the same in every run of CI
    for words in ('pip" install -q build twine', "-m build", 'twine" check --strict dist/*', ".ci/absolute_links.py"):
        assert words in done


def test_the_tag_must_be_the_version_and_the_changelog_must_have_its_day() -> None:
    version, day = (line for line in commands(workflow("publish.yml")["jobs"]["build"]) if line.startswith("grep"))
    assert version.split('"', 1)[1].replace('\\"', '"') == 'version = "${GITHUB_REF_NAME#v}"" pyproject.toml'
    assert f'version = "{PROJECT["version"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    (pattern,) = re.findall(r'"(## .*)"', day)
    pattern = pattern.replace("${GITHUB_REF_NAME#v}", PROJECT["version"])
    assert re.fullmatch(pattern, f"## {PROJECT['version']}, 2026-12-01")
    headings = re.findall(r"^## .*", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(pattern, headings[0]) or headings[0] == f"## {PROJECT['version']}, unreleased"


def test_the_actions_are_pinned_alike_in_every_workflow() -> None:
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / "reports" / "commands" / "init.py"]
    used = {use for file in files for use in re.findall(r"uses: (\S+)@(\S+)", file.read_text(encoding="utf-8"))}
    assert len(used) == len({name for name, _ in used}), used


def test_the_container_is_ten_lines_and_its_audit_has_options_that_there_are() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 10
    (version,) = re.findall(r"^FROM python:(3\.\d+)-slim$", "\n".join(lines), re.MULTILINE)
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    (extras,) = re.findall(r'"/src\[(.*)\]"$', "\n".join(lines), re.MULTILINE)
    assert {*extras.split(",")} <= {*PROJECT["optional-dependencies"]}
    command = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("        extremum audit ")[2].split("\n")[0]
    assert main.commands["audit"].make_context("audit", shlex.split(command)).params["memory"] == "2GB"


def test_the_oldest_and_the_newest_python_are_tested_and_told() -> None:
    prefix = "Programming Language :: Python :: "
    versions = [c.removeprefix(prefix) for c in PROJECT["classifiers"] if c.startswith(f"{prefix}3.")]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    matrix = workflow("ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == [versions[0], versions[-1]]
    assert f"Python {versions[0]} and {versions[-1]}" in (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")


def test_the_oldest_versions_are_those_that_the_dependencies_allow() -> None:
    oldest = dict(
        line.split("==")
        for line in (ROOT / ".ci" / "oldest.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    extras = PROJECT["optional-dependencies"]
    named = [row.removeprefix("extremum[").removesuffix("]") for row in extras["test"] if row.startswith("extremum[")]
    needed = [
        *PROJECT["dependencies"],
        *extras["test"],
        *(row for extra in named[0].split(",") for row in extras[extra]),
    ]
    bounds = dict(row.split(">=") for row in needed if ">=" in row)
    assert len(bounds) > 15
    assert {n: v.removesuffix(".0").removesuffix(".0") for n, v in oldest.items() if n in bounds} == {
        n: v.removesuffix(".0").removesuffix(".0") for n, v in bounds.items()
    }
