"""Focus-H with static filters for each bin: the place decides, not the input."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.systems.focus.ablations.coefficients import to_coefficients
from focus_core.systems.focus.ablations.static_logits import StaticBinLogits
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.views.responses import filter_numbers
from focus_core.tools.cost import cost
from tests.focus_core.causality import (
    LENGTH,
    OUTPUTS,
    VOCABULARY,
    embedded,
    small_config,
    small_net,
)
from tests.focus_core.inside import mixer_of
from tests.narrowing import kind

R = 6  # of small_config
BINS = LENGTH // R
SIZES: dict[str, Any] = {"vocab_size": VOCABULARY, "num_outputs": OUTPUTS}


def parted_bank() -> FilterBank:
    """The first layer's bank, its bins no longer equal."""
    bank = kind(
        FilterBank, mixer_of(small_net(small_config("focus_h_per_bin", filters=2, order=2))).filter
    )
    with torch.no_grad():
        logits_of(bank).normal_(generator=torch.Generator().manual_seed(1))
    return bank


def logits_of(bank: FilterBank) -> Tensor:
    found: Tensor = kind(StaticBinLogits, bank.logits).logits_NDFP
    return found


def test_each_bin_goes_through_its_own_filters() -> None:
    bank, x_BLD = parted_bank(), embedded()
    a_NDFP = to_coefficients(logits_of(bank), "sigmoid").detach().numpy()
    y_BLD = bank(x_BLD, None).detach().numpy()
    for n, d in np.ndindex(BINS, x_BLD.shape[2]):
        here = slice(n * R, (n + 1) * R)
        x_BR = x_BLD[:, here, d].numpy()
        expected = sum(lfilter([1], [1, *a_P], x_BR) for a_P in a_NDFP[n, d])
        np.testing.assert_allclose(y_BLD[:, here, d], expected, rtol=1e-10, atol=1e-12)


def test_negative_control_another_bins_filters_say_something_else() -> None:
    bank, x_BLD = parted_bank(), embedded()
    before = bank(x_BLD, None)
    with torch.no_grad():
        logits_of(bank)[1] = logits_of(bank)[0]
    moved = (bank(x_BLD, None) - before).abs().amax(dim=(0, 2)) > 1e-3
    assert moved.nonzero().flatten().tolist() == list(range(R + 1, 2 * R))  # the first is x itself


def test_it_starts_as_focus_h_with_the_same_filters_in_every_bin() -> None:
    bank = mixer_of(small_net(small_config("focus_h_per_bin"))).filter
    logits_NDFP = logits_of(bank)
    assert len(logits_NDFP) == BINS
    assert torch.equal(logits_NDFP, logits_NDFP[:1].expand_as(logits_NDFP))
    per_bin, same = (
        cost(small_config(name), length=LENGTH, batch_size=1, **SIZES).parameters
        for name in ("focus_h_per_bin", "focus_h")
    )
    taps = 2 * 8 * 2  # layers, width, order
    assert per_bin - same == (BINS - 1) * taps


def test_shorter_sequences_use_the_first_bins_and_longer_ones_are_refused() -> None:
    bank, x_BLD = parted_bank(), embedded()
    torch.testing.assert_close(bank(x_BLD[:, : R + 1], None), bank(x_BLD, None)[:, : R + 1])
    longer_BLD = torch.cat((x_BLD, x_BLD[:, :1]), dim=1)
    with pytest.raises(ValueError, match=rf"filters for {BINS} bins, not for {BINS + 1}: shorten"):
        bank(longer_BLD, None)


def test_state_is_carried_from_one_bins_filters_to_the_next() -> None:
    net = small_net(small_config("focus_h_per_bin", carry=True))
    bank, x_BLD = mixer_of(net).filter, embedded()
    changed_BLD = x_BLD.clone()
    changed_BLD[:, 0] += 1
    assert (bank(changed_BLD, None) - bank(x_BLD, None))[:, R].abs().max() > 1e-6


def test_its_filters_are_told_bin_by_bin() -> None:
    tokens = torch.zeros(1, LENGTH, dtype=torch.int64)
    found = filter_numbers(small_net(small_config("focus_h_per_bin")), tokens)
    assert [key for key in found if ".bin" in key] == [f"peak_gain.bin{n}" for n in range(BINS)]


def test_it_is_no_part_of_the_identity_where_there_is_one_bin_or_no_static_filter() -> None:
    def same(changes: Mapping[str, Scalar]) -> bool:
        per_bin = TrialConfig().override({**changes, "model.static_per": "bin"})
        return per_bin.trial_id == TrialConfig().override(changes).trial_id

    assert same({"model.filter": "adaptive"})
    assert same({"model.filter": "static", "model.bin_length": TrialConfig().task.length})
    assert not same({"model.filter": "static"})
    assert not same({"model.filter": "static", "model.carry": True})
