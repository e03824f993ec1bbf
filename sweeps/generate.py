"""Text from a trained language trial: ``python -m sweeps.generate TRIAL_ID "The "``."""

from __future__ import annotations

import argparse
import codecs
import itertools
import sys
from collections.abc import Sequence

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import (
    CommandLine,
    answer,
    filled,
    seed_number,
    whole,
)
from sweeps.planning.plugins import add_plugin_flag, read_plugins
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import find_home

NAME = "sweeps.generate"


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine("python -m sweeps.generate", "Write text with a trained language trial.")
    add = parser.add_argument
    add_plugin_flag(parser)
    add("trial", type=filled, metavar="TRIAL_ID", help="its id, or how it begins")
    add("prompt", metavar="PROMPT", help="how the text begins")
    add(
        "--length",
        type=whole,
        default=400,
        help="most characters to write (default: 400)",
    )
    add("--temperature", type=_temperature, default=0.8, help="0: the likeliest (default: 0.8)")
    add("--seed", type=seed_number, default=0, help="whose weights, and of the draws (default: 0)")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def _temperature(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 0 to 100, such as 0.8")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _generate(words))


def _generate(argv: list[str]) -> int:
    args = build_parser().read(argv)
    if args.length < 0:
        raise UserError(f"--length must be 0 or more, not {args.length}")
    read_plugins(args.plugin or [])
    from sweeps.workers.trained_network import find_trained

    found = find_trained(find_home(args.home), args.trial, args.seed)
    from focus_core.data.text import decode, encode
    from focus_core.tasks.text import TextConfig
    from focus_core.tasks.text.data import text_of
    from focus_core.tools.generation import generate

    task = found.trial.task
    name = task.name
    if not isinstance(task, TextConfig):
        raise UserError(f"this trial was trained on {name}: text is written by language trials")
    alphabet = text_of(task).alphabet
    prompt_T = encode(name, args.prompt, alphabet)
    with beside_ours(found.plugins):
        net = found.build()
    tokens = generate(net, prompt_T, temperature=args.temperature, seed=args.seed)
    read = codecs.getincrementaldecoder("utf-8")(errors="replace")
    # Bytes that are no UTF-8 come as surrogates, which cannot be printed.
    prompt = args.prompt.encode(errors="surrogateescape").decode(errors="replace")
    heard = tell(prompt, end="")
    written = 0
    for token in itertools.islice(tokens, args.length):
        if not heard:
            return 0
        heard = tell(read.decode(decode(name, token, alphabet)), end="")
        written += 1
    tell(read.decode(b"", final=True))
    if written < args.length:
        words = f"{NAME}: this network reads no longer text: {written} of {args.length} written"
        tell(words, error=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
