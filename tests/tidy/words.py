"""House rules for every text: nothing about one machine, one registry or a day that never comes.

The patterns spell one letter as a class, so that this file passes its own rules.
"""

import re
from collections.abc import Iterator

_RULES = {
    "names a package registry": re.compile(
        r"\b(?:pyp[i]|npmj[s]|pythonhoste[d]|crate[s]|debia[n]|rubygem[s])\.(?:org|com|io)\b",
        re.IGNORECASE,
    ),
    "names a package index": re.compile(
        r"(?<!no-emit)(?:--(?:extra-)?index-ur[l]|--find-link[s]|PIP_(?:INDEX_UR[L]|FIND_LINK[S]))"
    ),
    "names a folder of one machine": re.compile(
        r"(?<![\w.}\])])/(?:wor[k]|roo[t]|hom[e]|User[s]|tm[p]|op[t])/\w"
    ),
    "leaves work for later": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b"),
}


def unwanted_words(path: str, text: str) -> Iterator[str]:
    """Complain about each line that says what the repository must not say."""
    for number, line in enumerate(text.splitlines(), start=1):
        for reason, pattern in _RULES.items():
            if found := pattern.search(line):
                yield f"{path}:{number}: {reason}: {found.group()}"
