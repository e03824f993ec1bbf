"""A hook of the site: a link to a file outside ``docs/`` becomes its words."""

from __future__ import annotations

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page's text without links to files outside ``docs/``."""
    return OUTSIDE.sub(r"\1", markdown)
