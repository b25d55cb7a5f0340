"""The product knows no commerce platform by name: what a platform is called stands in its folder.

The names are those of the folders, so that a new platform is looked for as soon as it is there.
"""

import re
from collections.abc import Iterable, Iterator

FOLDER = "src/surestock/commerce/providers/"


def platform_names(paths: Iterable[str]) -> set[str]:
    """Return the names of the folders in which platforms stand."""
    inside = [path.removeprefix(FOLDER) for path in paths if path.startswith(FOLDER)]
    return {path.split("/")[0] for path in inside if "/" in path}


def platform_named(path: str, text: str, names: Iterable[str]) -> Iterator[str]:
    """Complain about each line of the product that names a platform outside the folder."""
    if not path.startswith("src/") or path.startswith(FOLDER):
        return
    named = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    for number, line in enumerate(text.splitlines(), start=1):
        if found := named.search(line):
            yield f"{path}:{number}: names the platform {found.group()}"
