"""Language modelling by bytes or characters.

The texts are ``enwik8`` (256 byte values), ``text8`` (a space and 26 letters), ``pydoc_text``, the
reference text that ships with this Python, as a stand-in, and ``text_file``, any file of a person
(256 byte values, or the characters that the file has). The first 90 % of a text are for training,
the next 5 % for validation, the last 5 % for test; ``text_file`` may be split in other shares. For
the whole enwik8 and text8 this is the official split. A prefix (``task.prefix`` tokens) is split in
the same proportions, and no published number compares with it; the config and every report have the
prefix.

The metric is bits a byte: the nats of all targets, divided by ln 2 and by the number of targets.
Windows of ``length`` tokens do not overlap. Where a split has more windows than asked for, the
windows are spread evenly over the split. The end of the budget adds scores to the test score:
``sliding`` scores the same targets, each with at least half a window before it; ``future_masked``
scores some of the targets with all tokens after the current token blanked, and ``future_seen``
scores these targets without blanks.

Where ``task.context`` is given, the test score covers every byte of the test part once, except the
first byte, which has nothing before it. A window of ``length`` tokens starts ``length`` -
``context`` tokens after the previous window, and scores the bytes that no earlier window scored.
Therefore every byte has at least ``context`` bytes before it, as far as the part has them, for
every mixer. This reads ``length`` / (``length`` - ``context``) times as many tokens as windows
without overlap.

Published numbers are for the whole enwik8 or text8 (``prefix`` = 0) and the whole test part, in
bits a byte or character (Dai et al. 2019, arXiv 1901.02860). Transformer-XL of 12 layers carries a
memory of 2,100 tokens over steps of 80 (kimiyoung/transformer-xl, pytorch/run_enwik8_base.sh:
``length`` = 2180, ``context`` = 2100); of 24 layers, 3,800 over 128 (tf/sota). The 12 layers train
on segments of 512 with a memory of 512, with 22 segments in each of 400,000 steps at a learning
rate of 2.5e-4; here a network trains on windows of ``length``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from focus_core.data.text import Text, read_own_text, read_text
from focus_core.errors import UserError
from focus_core.tasks.base import ALL, IGNORED, Batch, Predict, Split, Task, bits, generator, parts
from focus_core.tasks.text import WHOLE, TextConfig, TextFileConfig

MASKED_TARGETS, FEWEST_MASKED = 256, 16
MASKED_TOKENS = 2**18  # most tokens to read for these targets, above the fewest
TOKENS_AT_ONCE = 32_768  # in a batch that scores; this bounds memory and changes no score


def build(task: TextConfig, seed: int) -> Task:
    """Build the text for one seed; the seed changes only the training windows.

    Raises:
        UserError: the text is too short for the windows that the task asks for.
    """
    return TextTask(task, seed, text_of(task))


def text_of(task: TextConfig) -> Text:
    """The text that the task reads.

    Raises:
        UserError: the text is not there, or is another one than the task names.
    """
    if isinstance(task, TextFileConfig):
        return read_own_text(task.own_data(), task.prefix, characters=task.unit == "characters")
    return read_text(task.name, task.prefix)


class TextTask(Task):
    """See the module, and ``base.Task``."""

    def __init__(self, task: TextConfig, seed: int, text: Text) -> None:
        self.vocab_size = self.num_outputs = text.symbols
        self.chance = math.log2(text.symbols)
        self.prefix = text.prefix
        self._task, self._seed, self._text = task, seed, text
        size = len(text.tokens_T)
        first, second = (size * cut // WHOLE for cut in task.cuts())
        self._cuts = {"train": (0, first), "validation": (first, second), "test": (second, size)}
        self.test_count = None if task.context is None else self._steps(task.context)
        self._validation_W = self._windows("validation", task.eval_sequences, "eval_sequences")
        self._test_W = self._windows("test", task.test_sequences, "test_sequences")

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Windows from anywhere in the training part."""
        random = generator(self._seed, "train", step)
        last = self._cuts["train"][1] - self._task.length
        return self._batch(torch.randint(last, (batch_size,), generator=random))

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``eval_sequences`` windows, which are the same for every seed."""
        return self._batch(self._validation_W[rows])

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``test_sequences`` windows, or with a context of the whole part's."""
        if self._task.context is None:
            return self._batch(self._test_W[rows])
        return self._whole(self._task.context, rows)

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the summed bits, and the number of bytes or letters."""
        return bits(logits_BLV, targets_BL)

    def constants(self) -> dict[str, float]:
        """The length of the text, whether the text is a prefix (1) or whole (0), and its CRC-32.

        With a context, also the number of targets in the test part.
        """
        return {
            "text_bytes": float(self._text.size),
            "text_crc32": float(self._text.crc32),
            "prefix": float(self.prefix),
        } | ({"test_bytes": float(self._targets())} if self.test_count else {})

    def closing_scores(self, predict: Predict) -> dict[str, float]:
        """Bits a byte on the test windows: sliding, with the future masked, and with it seen."""
        masked, seen = self._future_masked(predict)
        return {
            "sliding": self._sliding(predict),
            "future_masked": masked,
            "future_seen": seen,
        }

    def _windows(self, split: Split, count: int, field: str) -> Tensor:
        """The starts of ``count`` windows of ``split``, (count,)."""
        start, end = self._cuts[split]
        most = (end - start - 1) // self._task.length  # the last target is a token as well
        if count > most:
            size = f"{end - start} of {len(self._text.tokens_T)} {self._task.tokens_are()}"
            raise UserError(
                f"task.{field} = {count}: the {split} part of {self._task.name} ({size}) has "
                f"{most} windows of {self._task.length}; use at most {most}"
            )
        return start + torch.arange(count) * most // count * self._task.length

    def _targets(self) -> int:
        """Number of bytes of the test part, without the first, which has no byte before it."""
        start, end = self._cuts["test"]
        return end - start - 1

    def _steps(self, context: int) -> int:
        """Number of windows that score all targets, each with ``context`` tokens before it."""
        L = self._task.length
        return 1 + max(0, -(-(self._targets() - L) // (L - context)))

    def _whole(self, context: int, rows: slice) -> Batch:
        """Windows over the whole test part; a target of an earlier window does not count again.

        The last window ends at the end of the part.
        """
        L, start = self._task.length, self._cuts["test"][0]
        step_B = torch.arange(self._steps(context))[rows]
        planned_B = step_B * (L - context)
        begin_B = planned_B.clamp(max=self._targets() - L)
        inputs_BL, targets_BL, _ = self._batch(start + begin_B)
        done_B = planned_B - begin_B + torch.where(step_B > 0, context, 0)
        return Batch(inputs_BL, targets_BL.masked_fill(torch.arange(L) < done_B[:, None], IGNORED))

    def _batch(self, starts_B: Tensor) -> Batch:
        places_BT = starts_B[:, None] + torch.arange(self._task.length + 1)
        tokens_BT = self._text.tokens_T[places_BT].long()
        return Batch(tokens_BT[:, :-1], tokens_BT[:, 1:])

    def _sliding(self, predict: Predict) -> float:
        """Bits a byte where every test target has at least half a window before it.

        The targets in the first half of a window are scored in a window that starts half a window
        earlier.
        """
        half = self._task.length // 2
        total = count = 0.0
        for back, scored in ((half, slice(half, 2 * half)), (0, slice(half, None))):
            for part_B in parts(self._test_W, self._rows()):
                inputs_BL, targets_BL, _ = self._batch(part_B - back)
                wanted_BL = torch.full_like(targets_BL, IGNORED)
                wanted_BL[:, scored] = targets_BL[:, scored]
                found, targets = bits(predict(inputs_BL), wanted_BL)
                total, count = total + found, count + targets
        return total / count

    def _future_masked(self, predict: Predict) -> tuple[float, float]:
        """Bits a byte at some targets, with all tokens after the current token blanked, and not.

        The targets are spread evenly over the test windows and over the places in a window.
        """
        L = self._task.length
        count = min(MASKED_TARGETS, max(FEWEST_MASKED, MASKED_TOKENS // L))
        number_B = torch.arange(count)
        windows_B = self._test_W[number_B * len(self._test_W) // count]
        # Steps of the golden ratio cover the places in a window evenly for every ``count``.
        places_B = ((number_B + 0.5) * 0.6180339887498949 % 1 * L).long()
        sums = torch.zeros(2, dtype=torch.float64)
        for window_B, place_B in zip(
            parts(windows_B, self._rows()), parts(places_B, self._rows()), strict=True
        ):
            inputs_BL, targets_BL, _ = self._batch(window_B)
            elsewhere_BL = torch.arange(L) != place_B[:, None]
            targets_BL = targets_BL.masked_fill(elsewhere_BL, IGNORED)
            behind_BL = torch.arange(L) > place_B[:, None]
            blanked_BL = inputs_BL.masked_fill(behind_BL, self._text.blank)
            sums[0] += bits(predict(blanked_BL), targets_BL)[0]
            sums[1] += bits(predict(inputs_BL), targets_BL)[0]
        masked, seen = (sums / count).tolist()
        return masked, seen

    def _rows(self) -> int:
        return max(1, TOKENS_AT_ONCE // self._task.length)
