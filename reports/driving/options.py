"""The options that `--subject` adds to pytest's. Imported at every start of pytest, so it imports nothing."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
OPTIONS = (  # name, how many, help; beside --subject, which alone is always there
    ("--role", "store", "role that the subject claims to compute, where its name does not say"),
    ("--of", "store", "function that the subject is the gradient of, as file.py:function"),
    ("--dtype", "append", "dtypes to audit, with commas between"),
    ("--property", "append", "properties to check; all of the role's by default"),
    ("--regime", "append", "regimes of inputs; all by default"),
    ("--convention", "append", "accepted outcome of a contested input, as fully-masked-row=zero"),
    ("--exhaustive", "store", "prove what one row of two decides, on all gaps or pairs of 16 bits, or gaps of float32"),
    ("--examples", "store", "examples that Hypothesis searches in each cell"),
    ("--budget", "store", "time for the whole audit, as 60s or 2m"),
    ("--cell-timeout", "store", "seconds after which a cell has hung"),
    ("--seed", "store", "seed of all random choices; the same seed gives the same findings"),
    ("--report-dir", "store", "folder for report.json, report.md and report.html"),
    ("--json", "store", "file for the record"),
)


def destination(option: str) -> str:
    """Where the option's value is kept, apart from other plugins' values."""
    return "extremum_" + option.lstrip("-").replace("-", "_")
