"""Makes the links of the README absolute, and names them to the package index, which shows it outside the repository.

    python .ci/absolute_links.py https://github.com/OWNER/NAME v0.1.0

The publishing workflow runs it in its own checkout, before it builds: no file of the repository has to know its
address.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
ELSEWHERE = ("https://", "http://", "mailto:", "#")  # what begins a link that leads there from any page
PAGES = {"Repository": "", "Documentation": "/blob/{tag}/README.md", "Changelog": "/blob/{tag}/CHANGELOG.md"}


def relative_links(text: str) -> list[str]:
    """The files that a document of the root links to, in order."""
    return [link[3].partition("#")[0] for link in LINK.finditer(text) if not link[3].startswith(ELSEWHERE)]


def absolute(text: str, repository: str, tag: str) -> str:
    """The document with absolute links: a picture as the file that it is, all else as the repository shows it."""

    def made(link: re.Match[str]) -> str:
        picture, words, place = link.groups()
        if place.startswith(ELSEWHERE):
            return link[0]
        return f"{picture}[{words}]({repository}/{'raw' if picture else 'blob'}/{tag}/{place})"

    return LINK.sub(made, text)


def urls(repository: str, tag: str) -> str:
    """The table of `pyproject.toml` with the pages that the package index names."""
    rows = (f'{name} = "{repository}{place.format(tag=tag)}"' for name, place in PAGES.items())
    return "\n".join(("\n[project.urls]", *rows, ""))


def main(root: Path, repository: str, tag: str) -> None:
    """Rewrite README.md and pyproject.toml in the folder `root`."""
    readme, settings = root / "README.md", root / "pyproject.toml"
    text, table = readme.read_text(encoding="utf-8"), settings.read_text(encoding="utf-8")
    if not repository.startswith("https://"):
        sys.exit(f"repository={repository!r} is no address: give https://HOST/OWNER/NAME")
    if gone := [place for place in relative_links(text) if not (root / place).exists()]:
        sys.exit(f"README.md links to {gone[0]!r}, which is not there")
    if "[project.urls]" in table:
        sys.exit("pyproject.toml has [project.urls] already: this checkout was made ready before")
    readme.write_text(absolute(text, repository, tag), encoding="utf-8")
    settings.write_text(table + urls(repository, tag), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python .ci/absolute_links.py https://HOST/OWNER/NAME TAG")
    main(Path.cwd(), *sys.argv[1:])
