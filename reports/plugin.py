"""The pytest plugin: `--subject` adds the cells of an audit to the run, under xdist or not.

Thin on purpose. It imports nothing heavy until `--subject` is given; what it does then is in
`extremum.reports.driving.session`.
"""

from __future__ import annotations

import os

import pytest

from extremum.reports.driving.interrupts import end_silently


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hook that tells of each cell."""
    from extremum.reports import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --subject, the one option that every pytest run has."""
    parser.getgroup("extremum", "auditing numerical code").addoption(
        "--subject",
        action="append",
        default=[],
        metavar="FILE.py:FUNCTION",
        help="audit a function as file.py:function, module:function or by name; "
        "options as of 'extremum audit' (--role, --dtype, --property, --seed, --report-dir ...)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """With --subject, add the other options, and a worker process where none was asked for."""
    if not any(a == "--subject" or a.startswith("--subject=") for a in args):
        return  # so that none of the other names is taken in runs that audit nothing
    from extremum.reports.driving.options import FILES, REQUEST, THREADS

    group = parser.getgroup("extremum")
    for o in (*REQUEST, *FILES):
        kind = (
            {"action": "store_true"} if o.flag else {"action": "append" if o.plural else "store", "metavar": o.metavar}
        )
        group.addoption(f"--{o.name}", help=o.help, dest=o.destination, **kind)
    given = any(a.startswith(("-n", "--numprocesses", "--dist", "--tx", "--pdb", "--trace")) for a in args)
    if not given and "PYTEST_XDIST_WORKER" not in os.environ and "no:xdist" not in args:
        args += ["-n", "1"]  # a subject may crash or hang: it runs in a process that the run survives
    for name in THREADS:  # the workers share the cores: with threads of their own as well they wait for each other
        os.environ.setdefault(name, "1")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """With --subject, register the audit, which holds all other hooks."""
    if not config.getoption("subject", []):
        return
    if hasattr(config, "workerinput"):  # the environment does not tell: what a worker starts inherits it
        end_silently()
    from extremum.reports.driving.session import Audit

    config.pluginmanager.register(Audit.of(config), "extremum-audit")
