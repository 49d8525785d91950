"""The options of an audit, each declared once: the command, pytest's `--subject` and `audit()` read these rows.

`extremum --help` imports this, so it imports nothing heavy: names are looked up by `Request.check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import index
from pathlib import Path
from typing import Any, NamedTuple

from extremum.properties.values.finding import SEVERITIES
from extremum.reference.errors import UsageError, nearest
from extremum.reports.record.files import file_to_write, folder_to_write

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
REPORT_DIR = "extremum-report"
LEAST_MEMORY = 10**8  # bytes
MOST_SHARDS = 10_000
SCHEDULER = re.compile(r"([a-z]+://)?[^\s/]+:\d+")


def names(values: Sequence[str] | str | None) -> tuple[str, ...] | None:
    """Comma-separated or repeated names as a tuple; None where there are none."""
    words = [values] if isinstance(values, str) else list(values or ())
    split = tuple(w.strip() for word in words for w in word.split(",") if w.strip())
    return split or None


def whole(name: str, word: str) -> int:
    """A number of seeds, examples: "12"."""
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"{name}={word!r} is not a whole number") from None


def check_count(name: str, value: Any) -> None:
    """Raise `UsageError` for what is no whole number, or below 0."""
    try:
        count = index(value)
    except TypeError:
        raise UsageError(f"{name}={value!r} is not a whole number") from None
    if count < 0:
        raise UsageError(f"{name}={value!r} must be 0 or more")


def seconds(name: str, word: str) -> float:
    """A duration in seconds: "60", "60s", "2m" or "1h"."""
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(word[-1:])
    try:
        duration = float(word[:-1]) * factor if factor else float(word)
    except ValueError:
        raise UsageError(f"{name}={word!r} is not a duration; write 60, 60s, 2m or 1h") from None
    check_seconds(name, duration, word)
    return duration


def check_seconds(name: str, value: Any, given: Any = None) -> None:
    """Raise `UsageError` for a duration that is not positive; the message quotes what was `given`, or the value."""
    if isinstance(value, str) or not 0 < value < inf:
        raise UsageError(f"{name}={given or value!r} must be a positive number of seconds")


def amount(name: str, word: str) -> int:
    """An amount of memory in bytes: "500MB", "4GB", "2GiB", or a number of bytes."""
    units = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
    text = word.strip().upper()
    unit = next((u for u in sorted(units, key=len, reverse=True) if text.endswith(u)), "")
    try:
        size = int(float(text.removesuffix(unit)) * units.get(unit, 1))
    except (ValueError, OverflowError):
        raise UsageError(f"{name}={word!r} is not an amount of memory; write 4GB, 500MB or 2GiB") from None
    check_amount(name, size, word)
    return size


def real(name: str, word: str) -> float:
    """A number: "4", "0.5"."""
    try:
        return float(word)
    except ValueError:
        raise UsageError(f"{name}={word!r} is not a number") from None


def check_positive(name: str, value: Any) -> None:
    """Raise `UsageError` for what is no finite number above 0."""
    if isinstance(value, (str, bool)) or not 0 < value < inf:
        raise UsageError(f"{name}={value!r} must be a positive number")


def check_amount(name: str, value: Any, given: Any = None) -> None:
    """Raise `UsageError` for what no process can do with; the message quotes what was `given`, or the value."""
    if isinstance(value, (str, float)) or value < LEAST_MEMORY:
        raise UsageError(
            f"{name}={given or value!r} must be at least {LEAST_MEMORY // 10**6}MB: NumPy alone needs that"
        )


def part(name: str, word: str) -> tuple[int, int]:
    """A part of so many: "3/16"."""
    number, _, of = word.partition("/")
    if not (number.isascii() and number.isdecimal() and of.isascii() and of.isdecimal()):
        raise UsageError(f"{name}={word!r} is not a shard; write 3/16 for the third of sixteen")
    if len(word) > 20 or not 1 <= int(number) <= int(of) <= MOST_SHARDS:
        raise UsageError(f"{name}={word!r} is not a shard: 1/N to N/N are, with N up to {MOST_SHARDS:,}")
    return int(number), int(of)


def address(name: str, word: str) -> str:
    """The address of a scheduler."""
    if not SCHEDULER.fullmatch(word):
        raise UsageError(f"{name}={word!r} is no address: write tcp://scheduler:8786")
    return word


def file_to_read(name: str, word: str) -> Path:
    """A file that is there."""
    if not Path(word).is_file():
        raise UsageError(f"{name}={word!r} is no file")
    return Path(word)


def severity(name: str, word: str) -> str:
    """How grave a finding is."""
    if word not in SEVERITIES:
        raise UsageError(f"{name}={word!r} is no severity: {nearest(word, SEVERITIES)}")
    return word


class Kind(NamedTuple):
    """How the value of an option is read from a word, and checked; both get the name of the option, for messages.

    `types` are what a settings file may have in place of the word, and `valid` says so.
    """

    parse: Callable[[str, str], Any] = lambda _, word: word
    check: Callable[[str, Any], None] = lambda *_: None
    types: tuple[type, ...] = (str,)
    valid: str = "a string"


TEXT, COUNT = Kind(), Kind(whole, check_count, (int,), "a whole number")
POSITIVE = Kind(real, check_positive, (int, float), "a positive number")
DURATION = Kind(seconds, check_seconds, (str, int, float), 'a duration: "60s", "2m", or a number of seconds')
MEMORY = Kind(amount, check_amount, (str, int), 'an amount of memory: "4GB", or a number of bytes')
FILE = Kind(file_to_write)
ADDRESS = Kind(address)
READ, SEVERITY = Kind(file_to_read), Kind(severity)
FOLDER, PART = Kind(folder_to_write), Kind(part)


@dataclass(frozen=True)
class Option:
    """One option: `--name` of the command and of pytest, and the `field` of `Request` that it sets.

    One with a `plural` may be repeated, and takes several names with commas between. Settings name it by its plural.
    """

    name: str
    metavar: str
    help: str
    kind: Kind = TEXT
    plural: str = ""
    default: str | None = None  # of the command, which shows it
    bare: str | None = None  # the value of the command's option where none follows it
    search_only: bool = False  # it says nothing about an exhaustive audit
    flag: bool = False  # no value follows it
    common: bool = False  # it is the audit's, and no subject has one of its own
    pytest: str = ""  # its name there, where pytest has an option of this name
    place: str = ""  # its word is a "path", or may begin with one and then be a "spec": of a settings file's folder

    @property
    def in_pytest(self) -> str:
        """Its name among pytest's own options."""
        return self.pytest or self.name

    @property
    def key(self) -> str:
        """The name, as the name of a variable."""
        return self.name.replace("-", "_")

    @property
    def field(self) -> str:
        """The field of `Request`."""
        return self.plural or self.key

    @property
    def setting(self) -> str:
        """Its key in a settings file."""
        return self.plural or self.name

    @property
    def destination(self) -> str:
        """Where pytest keeps the words, apart from other plugins' values."""
        return f"extremum_{self.key}"


REQUEST = (  # what is audited; `subjects` are no option of the command
    Option("role", "TEXT", "Role that the subject claims to compute, where its name does not say.", place="spec"),
    Option(
        "of",
        "FILE.py:FUNCTION",
        "Function that the subject claims to be the gradient of.",
        search_only=True,
        place="spec",
    ),
    Option(
        "formula",
        "TEXT",
        "Formula in x, or in x and y, that the subject claims to compute, as 'x*erf(x)'; in place of a role.",
    ),
    Option(
        "ulps",
        "NUMBER",
        "Units in the last place that an answer may be off from --formula.  [default: what its rounding costs]",
        POSITIVE,
    ),
    Option("dtype", "D,...", "Dtypes to audit.  [default: float64,float32,float16,bfloat16]", plural="dtypes"),
    Option("property", "P,...", "Properties to check.  [default: all]", plural="properties"),
    Option("regime", "G,...", "Regimes of inputs.  [default: all]", plural="regimes", search_only=True),
    Option(
        "convention",
        "C,...",
        "Accepted outcomes of contested inputs, as fully-masked-row=zero; 'extremum properties' lists them.",
        plural="conventions",
        search_only=True,
    ),
    Option(
        "exhaustive",
        "[gaps|pairs|all]",
        "Prove what one row decides: on every gap (d, 0), every pair, or every number of the format.",
        bare="gaps",
        common=True,
    ),
    Option(
        "effort",
        "EFFORT",
        "Size of the plan of inputs: quick, standard or thorough.  [default: standard]",
        search_only=True,
    ),
    Option("examples", "INTEGER", "Examples that Hypothesis searches in each cell.", COUNT, search_only=True),
    Option(
        "arrays",
        "NAME",
        "Library whose arrays the subject takes: numpy, torch, jax, or a module of the array API standard.  "
        "[default: found by a call]",
    ),
    Option(
        "device",
        "DEVICE",
        "Where its arrays lie, as cpu or cuda:0; interpret runs Triton's kernels on the CPU.  [default: its library's]",
    ),
    Option(
        "python",
        "PATH",
        "Python that the subject is imported by; NumPy must be there.  [default: this one]",
        place="spec",
    ),
    Option(
        "wrap",
        "NAME",
        "What is called on the subject first, as torch.compile, jax.jit or module:function.  [default: nothing]",
    ),
    Option(
        "out",
        "",
        "The subject writes its answer into an array that it gets as its last argument: f(*arguments, out).",
        flag=True,
    ),
    Option("c-signature", "TEXT", "Of a C symbol: 'void(const float *x, float *out, int64 rows, int64 n)', say."),
    Option(
        "budget",
        "TEXT",
        "Time for the whole audit, as 60s or 2m; cells beyond it are incomplete.",
        DURATION,
        common=True,
    ),
    Option("cell-timeout", "TEXT", "Seconds after which a cell has hung.", DURATION),
    Option("import-timeout", "TEXT", "Seconds that the import of a subject may take.  [default: 30s]", DURATION),
    Option(
        "first-call-timeout",
        "TEXT",
        "Seconds that the first call of a process may take, which may compile.  [default: 60s]",
        DURATION,
    ),
    Option("memory", "4GB", "Memory that a subject may take.  [default: a quarter of the machine's]", MEMORY),
    Option("seed", "INTEGER", "The same seed gives the same findings.", COUNT, default="0", common=True),
)
CALLS = (
    "role",
    "of",
    "arrays",
    "device",
    "python",
    "wrap",
    "out",
    "c-signature",
    "cell-timeout",
    "import-timeout",
    "first-call-timeout",
    "memory",
)
OF_CALLS = tuple(option for option in REQUEST if option.name in CALLS)  # what a single call is made by
FILES = (  # how it runs, and where the report goes
    Option(
        "report-dir", "TEXT", "Folder for report.json, .md, .html and .sarif.", FOLDER, default=REPORT_DIR, place="path"
    ),
    Option("json", "TEXT", "File for the record; - is standard output.", FILE, place="path"),
    Option("baseline", "FILE", "Findings that are known ('extremum baseline'): only others fail.", READ, place="path"),
    Option(
        "strict",
        "",
        "Fail too where what the baseline has is mended, or its function gone: its entry is to go.",
        flag=True,
        pytest="strict-baseline",
    ),
    Option("fail-on", "SEVERITY", "Only findings that grave fail: critical, high, medium or low.", SEVERITY),
    Option("resume", "", "Go on with a run that was killed or interrupted, by the journal in --report-dir.", flag=True),
    Option(
        "cluster",
        "ADDRESS",
        "Dask scheduler whose workers judge, as tcp://scheduler:8786; it needs the extra cluster.",
        ADDRESS,
    ),
    Option("shard", "K/N", "Only a part of the cells, as 3/16; 'extremum merge' makes one report of all.", PART),
)


def values(options: Iterable[Option], words: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the options that are given, by field; `words` are a command line's, by key.

    Raises `UsageError` for the first that cannot be read.
    """
    given = [(o, words[o.key]) for o in options if words.get(o.key) is not None]
    return {o.field: names(word) if o.plural else o.kind.parse(o.name, word) for o, word in given}
