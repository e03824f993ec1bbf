"""What a mixer from outside costs, against sums on paper, and its size."""

from __future__ import annotations

from focus_core.config import TrialConfig
from focus_core.tools.cost import cost, cost_of
from focus_core.tools.probe import probe
from focus_core.tools.size import matching_width, parameters
from focus_core.training.network import build_model
from tests.focus_core.outside_nets import LENGTH, net_of
from tests.plugin_files import DECODER, MIXER, given


def test_its_cost_is_measured() -> None:
    """Against the sums that ``tests.toys.decay.cost`` has as formulas."""
    L, D = LENGTH, 8
    of_mixer = 2 * L * L * D + 2 * L * D * D
    of_others = 2 * L * (D * 16 + 16 * D) + 2 * L * D * 4
    with given(MIXER):
        found = cost_of(net_of(), L)
        on_meta = cost(net_of().config, vocab_size=4, num_outputs=4, length=L)
    assert found.forward * L == of_mixer + of_others
    assert found == on_meta
    assert found.state_bytes == 4 * L * D  # without a step, all inputs are kept
    with given(DECODER):
        assert cost_of(net_of(), L).state_bytes == 4 * D


def test_ffts_and_growing_states_are_measured() -> None:
    source = (
        DECODER.replace("weights.tril() @ x", "torch.fft.irfft(torch.fft.rfft(x, dim=1), dim=1)")
        .replace("self.remains * state + x", "torch.cat((state, x), dim=1)")
        .replace("self.out(state)", "self.out(x)")
    )
    with given(source):
        net = net_of().eval()
        found = cost_of(net, 64)
        assert found.unseen * 64 == 2 * 2.5 * 8 * 64 * 6
        assert found.state_bytes == 4 * 8 * (64 + 1)


LIBRARY = """
import torch
from torch import nn
from focus_core.plugin import Mixer

class Attend(Mixer):
    def __init__(self, width: int, heads: int = 2):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x):
        L = x.shape[1]
        mask = torch.ones(L, L, dtype=torch.bool, device=x.device).triu(1)
        return self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]

class Gru(Mixer):
    def __init__(self, width: int):
        super().__init__()
        self.rnn = nn.GRU(width, width, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]
"""


def test_layers_of_torch_are_probed_and_counted() -> None:
    """Their fused kernels must not hide the products."""
    L, D = LENGTH, 8
    of_others = 2 * L * (D * 16 + 16 * D) + 2 * L * D * 4
    attention = 2 * L * D * 4 * D + 2 * 2 * L * L * D
    with given(LIBRARY) as plugins:
        probe(plugins)
        for mixer, own in (("attend", attention), ("gru", 2 * L * 6 * D * D)):
            net = net_of(mixer)
            assert cost_of(net, L).forward * L == own + of_others
            assert cost(net.config, vocab_size=4, num_outputs=4, length=L) == cost_of(net, L)


def test_its_size_is_counted_and_matched() -> None:
    from focus_core.tasks import build_task

    trial = TrialConfig().override({"model.width": 8, "model.layers": 1})
    task = build_task(trial.task, 0)
    with given(MIXER):
        own = trial.override({"model.mixer": "decay"})
        net = build_model(own.model, vocab_size=task.vocab_size, num_outputs=task.num_outputs)
        assert parameters(own, task) == sum(p.numel() for p in net.parameters())
        width = matching_width(own, task, 2000)
        matched = parameters(own.override({"model.ffn_width": width}), task)
    assert abs(matched - 2000) <= 9  # half of what one more hidden unit has


def test_a_constructor_that_reads_numbers_works_without_memory() -> None:
    source = MIXER.replace(
        "self.remains, self.out",
        "assert torch.ones(3).sum().item() == 3\n        self.remains, self.out",
    )
    with given(source):
        assert cost(net_of().config, vocab_size=4, num_outputs=4, length=LENGTH).parameters > 0


def test_no_memory_is_taken_for_a_long_sequence_and_numbers_may_be_read() -> None:
    """The scores of so long a sequence would need 64 GB; where numbers are read, it is run."""
    with given(LIBRARY):
        found = cost_of(net_of("attend", max_length=2**17), 2**17)
        assert found.forward > 2 * 2 * 2**17 * 8
    reads = MIXER.replace("time = ", "assert x.sum().item() == 0\n        time = ")
    with given(MIXER):
        expected = cost_of(net_of(), LENGTH)
    with given(reads):
        assert cost_of(net_of(), LENGTH) == expected
