"""The pytest plugin: `--subject` adds the cells of an audit to the run, under xdist or not; the fixture `extremes`.

`--extremum` adds those of the settings. Thin on purpose: it imports nothing heavy until one of the two is given; what
it does then is in `extremum.reports.driving.session`.
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any

import pytest

from extremum.reports.driving.interrupts import end_silently

MARKER = "extremes(role, dtype, *, regimes=None, seed=0)"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that tell of each cell, and of what is refused."""
    from extremum.reports import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --subject and --extremum, the options that every pytest run has."""
    group = parser.getgroup("extremum", "auditing numerical code")
    group.addoption("--extremum", action="store_true", help="audit the subjects of [tool.extremum] in pyproject.toml")
    group.addoption(
        "--subject",
        action="append",
        default=[],
        metavar="FILE.py:FUNCTION",
        help="audit a function as file.py:function, module:function or by name; "
        "options as of 'extremum audit' (--role, --dtype, --property, --seed, --report-dir ...)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """With one of these, add the other options, and a worker process where none was asked for."""
    if not any(a in ("--subject", "--extremum") or a.startswith("--subject=") for a in args):
        return  # so that none of the other names is taken in runs that audit nothing
    from extremum.reports.driving.options import FILES, REQUEST, THREADS

    group = parser.getgroup("extremum")
    for o in (*REQUEST, *FILES):
        kind = (
            {"action": "store_true"} if o.flag else {"action": "append" if o.plural else "store", "metavar": o.metavar}
        )
        group.addoption(f"--{o.in_pytest}", help=o.help, dest=o.destination, **kind)
    group.addoption("--extremum-own", help=argparse.SUPPRESS)  # the words of single subjects, which no user writes
    given = any(a.startswith(("-n", "--numprocesses", "--dist", "--tx", "--pdb", "--trace", "--cluster")) for a in args)
    if not given and "PYTEST_XDIST_WORKER" not in os.environ and "no:xdist" not in args:
        args += ["-n", "1"]  # a subject may crash or hang: it runs in a process that the run survives
    for name in THREADS:  # the workers share the cores: with threads of their own as well they wait for each other
        os.environ.setdefault(name, "1")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tell of the marker; for an audit, register it: it holds all other hooks."""
    config.addinivalue_line("markers", f"{MARKER}: the arguments that the fixture `extremes` gives, a test a regime")
    if not (config.getoption("subject", []) or config.getoption("extremum", False)):
        return
    if hasattr(config, "workerinput"):  # the environment does not tell: what a worker starts inherits it
        end_silently()
    from extremum.reports.driving.session import Audit

    with warnings.catch_warnings():
        if hasattr(config, "workerinput"):  # what is imported for a role has warned on the controller
            warnings.simplefilter("ignore")
        config.pluginmanager.register(Audit.of(config), "extremum-audit")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each regime of the marker `extremes`, where the fixture is asked for."""
    marker = metafunc.definition.get_closest_marker("extremes")
    if marker is None or "extremes" not in metafunc.fixturenames:
        return
    from extremum.properties.answers.extremes import regime_names
    from extremum.reference.errors import UsageError

    try:
        names = regime_names(*marker.args, **{k: v for k, v in marker.kwargs.items() if k != "seed"})
    except (UsageError, TypeError) as error:
        raise pytest.UsageError(f"extremum: {metafunc.definition.nodeid}: @pytest.mark.extremes: {error}") from None
    metafunc.parametrize("extremes", names, ids=names, indirect=True)


@pytest.fixture
def extremes(request: pytest.FixtureRequest) -> list[tuple[Any, ...]]:
    """The arguments of one regime, each for a call `f(*arguments)`: those that `@pytest.mark.extremes` asks for.

    @pytest.mark.extremes("softmax", "float32")
    def test_my_softmax(extremes):
        for arguments in extremes:
            extremum.assert_within(my_softmax(*arguments), "softmax", *arguments)
    """
    marker = request.node.get_closest_marker("extremes")
    if marker is None:
        said = "the fixture extremes needs a marker, as @pytest.mark.extremes('softmax', 'float32')"
        raise pytest.UsageError(f"extremum: {said}")
    from extremum.properties.answers.extremes import extremes as iterate

    asked = {**marker.kwargs, "regimes": [request.param]}
    return [arguments for _, arguments in iterate(*marker.args, **asked)]
