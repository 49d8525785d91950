"""The command `extremum`, and `python -m extremum`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; Ctrl-C while it is still being imported ends it as silently as later."""
    try:
        from extremum.reports.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(2)


if __name__ == "__main__":
    sys.argv[0] = "extremum"  # by which messages and reports call the command, not by this file's name
    main()
