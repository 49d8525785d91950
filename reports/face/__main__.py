"""`python -m extremum`: the command."""

from extremum.reports.cli import main

if __name__ == "__main__":
    main()
