"""Bring an older ledger forward: ``python -m sweeps.migrate [--home DIR]``.

A launch also migrates its ledger, and a backup migrates its copy. Reports and audits only read, and
ask the person to run this command. No older program may drive a sweep in the ledger meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import CommandLine, answer
from sweeps.commands.redact import shown_url
from sweeps.record.engine import open_engine
from sweeps.record.home import find_home, ledger_file
from sweeps.record.schema import SCHEMA_VERSION

NAME = "sweeps.migrate"


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine("python -m sweeps.migrate", "Bring an older ledger forward.")
    parser.add_argument("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _migrate(words))


def _migrate(argv: list[str]) -> int:
    home = find_home(build_parser().read(argv).home)
    file = ledger_file(home)
    if file is not None and not file.is_file():
        raise UserError(f"no ledger at {file}: name a home with --home")
    open_engine(home.ledger_url).dispose()
    tell(f"{shown_url(home.ledger_url)} has schema version {SCHEMA_VERSION}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
