"""The mixers that attend, against loops, against torch's own layers and against each other."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.config import Scalar
from focus_core.layers.attention import chunked_attention, sliding_attention
from focus_core.systems import mixer_class
from focus_core.systems.mega.mixer import MegaMixer
from focus_core.systems.transformer_xl.mixer import TransformerXLMixer, sinusoids
from focus_core.training.network import build_model
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.arrays import Floats
from tests.focus_core.causality import influence, small_config, small_net
from tests.focus_core.inside import blocks_of, feed_forward_of, mixer_of
from tests.focus_core.test_attention import draw, masked_softmax, turned


def build(mixer: str, length: int = 12, **fields: Scalar) -> Any:
    """One mixer in float64 with every parameter away from its special initial values."""
    model = model_config(mixer=mixer, **fields).resolved(length)
    module = mixer_class(mixer)(model, length)
    init_weights(module, 0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return module.double().eval()


def test_flash_and_written_out_transformer_are_one_function() -> None:
    models = [
        model_config(mixer=m, width=32, heads=4) for m in ("flash_transformer", "transformer")
    ]
    flash, plain = (build_model(m, vocab_size=9, num_outputs=9, max_length=65) for m in models)
    assert flash.state_dict().keys() == plain.state_dict().keys()
    tokens = torch.randint(9, (4, 65), generator=torch.Generator().manual_seed(0))
    difference = (flash(tokens) - plain(tokens)).abs().max()
    assert difference < 1e-5
    init_weights(plain, seed=1)
    assert (flash(tokens) - plain(tokens)).abs().max() > 0.1


def test_gpt2_block_is_torchs_pre_norm_encoder_layer() -> None:
    model = model_config(mixer="gpt2", width=16, heads=4).resolved(10)
    net = build_model(model, vocab_size=5, num_outputs=5, max_length=10).double().eval()
    block, mixer, feed_forward = blocks_of(net)[0], mixer_of(net), feed_forward_of(net)
    layer = nn.TransformerEncoderLayer(
        16,
        4,
        64,
        dropout=0.0,
        activation=lambda x: 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3))),
        norm_first=True,
        batch_first=True,
        dtype=torch.float64,
    ).eval()
    pairs = [
        (layer.self_attn.in_proj_weight, mixer.query_key_value.weight),
        (layer.self_attn.in_proj_bias, mixer.query_key_value.bias),
        (layer.self_attn.out_proj.weight, mixer.out.weight),
        (layer.norm1.weight, mixer.norm.weight),
        (layer.linear1.weight, feed_forward.hidden.weight),
        (layer.linear2.weight, feed_forward.out.weight),
    ]
    for theirs, ours in pairs:
        theirs.data.copy_(ours)
    for bias in (layer.self_attn.out_proj.bias, layer.linear1.bias, layer.linear2.bias):
        bias.data.zero_()
    x = draw(2, 10, 16)
    mask = torch.full((10, 10), -math.inf, dtype=torch.float64).triu(1)
    with torch.no_grad():
        torch.testing.assert_close(block(x, None), layer(x, src_mask=mask), atol=1e-12, rtol=0)
        assert not torch.allclose(block(x, None), layer(x), atol=1e-3)


def test_gpt2_has_a_tied_head_and_learned_positions() -> None:
    model = model_config(mixer="gpt2", width=16, heads=4)
    net = build_model(model, vocab_size=5, num_outputs=5, max_length=10)
    assert net.head.weight is net.embedding.weight
    same = torch.zeros(1, 10, dtype=torch.int64)
    assert (net(same)[0, 0] - net(same)[0, 9]).abs().max() > 1e-3
    with pytest.raises(ValueError, match="max_length=11 or more, not 10"):
        net(torch.zeros(1, 11, dtype=torch.int64))
    apart = build_model(model, vocab_size=5, num_outputs=4, max_length=10)
    assert apart.head.weight.shape == (4, 16)


def written_out_xl(mixer: TransformerXLMixer, x_LD: Tensor, M: int) -> Tensor:
    """Transformer-XL one query, one key at a time, for one sequence."""
    L, D = x_LD.shape
    H, Z = mixer.biases.content_HZ.shape
    q, kv = mixer.query(x_LD), mixer.key_value(x_LD)
    k, v = kv[:, :D], kv[:, D:]
    r = mixer.relative(sinusoids(2 * M, D, x_LD))
    y = torch.zeros(L, D, dtype=torch.float64)
    for t in range(L):
        start = max(0, (t // M - 1) * M)
        for h in range(H):
            part = slice(h * Z, (h + 1) * Z)
            scores = torch.stack(
                [
                    (q[t, part] + mixer.biases.content_HZ[h]) @ k[s, part]
                    + (q[t, part] + mixer.biases.position_HZ[h]) @ r[t - s, part]
                    for s in range(start, t + 1)
                ]
            )
            y[t, part] = torch.softmax(scores / math.sqrt(Z), 0) @ v[start : t + 1, part]
    return functional.layer_norm(
        x_LD + mixer.out(y), (D,), mixer.norm.weight, mixer.norm.bias, mixer.norm.eps
    )


@pytest.mark.parametrize("M", [1, 4, 6, 12])
def test_transformer_xl_is_its_loop(M: int) -> None:
    mixer = build("transformer_xl", width=8, heads=2, chunk_length=M)
    x = draw(2, 11, 8)
    with torch.no_grad():
        expected = torch.stack([written_out_xl(mixer, x_LD, M) for x_LD in x])
        torch.testing.assert_close(mixer(x, None), expected, atol=1e-12, rtol=0)
        if 2 * M < 11:
            other = torch.stack([written_out_xl(mixer, x_LD, 11) for x_LD in x])
            assert not torch.allclose(mixer(x, None), other, atol=1e-3)


def test_transformer_xl_memory_is_read_but_gets_no_gradient_while_training() -> None:
    mixer = build("transformer_xl", width=8, heads=2, chunk_length=4)
    x = draw(1, 12, 8).requires_grad_()
    (seen,) = torch.autograd.grad(mixer(x, None)[:, 8:].sum(), x)
    (trained,) = torch.autograd.grad(mixer.train()(x, None)[:, 8:].sum(), x)
    assert torch.equal(mixer.eval()(x, None), mixer.train()(x, None))
    assert seen[:, 4:8].abs().min(dim=-1).values.min() > 0
    assert trained[:, :8].abs().max() == 0
    assert trained[:, 8:].abs().max() > 0


def test_transformer_xl_reaches_one_segment_back_a_layer() -> None:
    """Segments of 4, two layers: position 20 (segment 5) hears segment 3, not segment 2."""
    J = influence(small_net(small_config("transformer_xl", chunk_length=4)))
    assert J[20, 12] > 0
    assert J[20, :12].max() == 0


def test_sinusoids_are_sines_then_cosines() -> None:
    R = sinusoids(5, 6, torch.zeros(1, dtype=torch.float64)).numpy()
    rates = 10000.0 ** -(np.arange(3) / 3)
    np.testing.assert_allclose(R[4], np.concatenate((np.sin(4 * rates), np.cos(4 * rates))))


@pytest.mark.parametrize("M", [1, 3, 4, 12, 20])
def test_sliding_attention_is_full_attention_with_a_band_mask(M: int) -> None:
    L = 12
    q, k, v = draw(2, L, 4), draw(2, L, 4, seed=1), draw(2, L, 6, seed=2)
    steps = np.arange(L)
    age = steps[:, None] - steps
    y = sliding_attention(q, k, v, M)
    for b in range(2):
        expected = masked_softmax(
            turned(q[b], steps), turned(k[b], steps), v[b], (age >= 0) & (age < M)
        )
        np.testing.assert_allclose(y[b], expected, atol=1e-12)
    assert (M in (1, 12, 20)) == torch.allclose(y, chunked_attention(q, k, v, M))


def test_a_sliding_window_alone_hears_the_last_tokens_and_no_more() -> None:
    """Chunks of 8, two layers, no filter: 14 tokens back, however they lie in chunks."""
    J = influence(small_net(small_config("no_filter", sliding=True)))
    age = torch.arange(24)[:, None] - torch.arange(24)
    assert J[(age < 0) | (age > 14)].abs().max() == 0
    assert J[(age >= 0) & (age <= 14)].min() > 0


def silu(x: Floats) -> Floats:
    return np.asarray(x / (1 + np.exp(-x)))


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def written_out_mega(mixer: MegaMixer, x_LD: Floats, M: int) -> Floats:
    """Mega's equations in numpy, one step after another."""
    p = {name: value.detach().numpy() for name, value in mixer.named_parameters()}
    centred = x_LD - x_LD.mean(axis=1, keepdims=True)
    h = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    h = h * p["norm.weight"] + p["norm.bias"]
    keep = sigmoid(p["average.delta_DS"])
    decay = 1 - keep * sigmoid(p["average.alpha_DS"])
    state, averaged = np.zeros_like(keep), np.zeros_like(h)
    for t, h_D in enumerate(h):
        state = decay * state + keep * p["average.beta_DS"] * h_D[:, None]
        mixed = (p["average.gamma_DS"] * state).sum(axis=1) / math.sqrt(keep.shape[1])
        averaged[t] = silu(mixed + p["average.omega_D"] * h_D)
    D, Z, V = h.shape[1], p["gamma_2Z"].shape[1], p["value.bias"].shape[0]
    v = silu(h @ p["value.weight"].T + p["value.bias"])
    u, z, r, candidate = np.split(
        averaged @ p["gates.weight"].T + p["gates.bias"], (D, D + Z, D + Z + V), axis=1
    )
    q, k = (silu(z) * p["gamma_2Z"][i] + p["beta_2Z"][i] for i in range(2))
    steps = np.arange(M)
    rows = torch.tensor(p["bias_2Z"])
    bias = turned(rows[:1].expand(M, Z), steps) @ turned(rows[1:].expand(M, Z), steps).T
    y = np.zeros_like(v)
    for t in range(len(h)):
        seen = np.arange(t - t % M, t + 1)
        score = k[seen] @ q[t] / math.sqrt(Z) + bias[t % M, seen % M]
        weight = np.exp(score - score.max())
        y[t] = weight / weight.sum() @ v[seen]
    out = (silu(r) * y) @ p["from_attention.weight"].T + p["from_attention.bias"]
    return x_LD + sigmoid(u) * (silu(candidate + out) - x_LD)


@pytest.mark.parametrize("M", [3, 4, 12])
def test_mega_is_its_equations(M: int) -> None:
    mixer = build("mega", width=6, chunk_length=M, key_width=4, value_width=10)
    x = draw(2, 11, 6)
    y = mixer(x, None).detach().numpy()
    for b in range(2):
        np.testing.assert_allclose(
            y[b], written_out_mega(mixer, x[b].numpy(), M), atol=1e-12, rtol=0
        )
    assert np.abs(y[0] - written_out_mega(mixer, x[0].numpy(), 2)).max() > 1e-3


def test_mega_takes_its_published_sizes() -> None:
    model = model_config(mixer="mega", width=32).resolved(16)
    assert (model.key_width, model.value_width, model.ffn_width) == (8, 64, 64)


def test_mega_drops_the_candidate_too() -> None:
    """With all dropped, the gate is that of its bias, and moves x towards nothing."""
    mixer = build("mega", width=6, chunk_length=4).train()
    x = draw(2, 11, 6)
    mixer.dropout.p = 1.0
    gate = torch.sigmoid(mixer.gates.bias[:6])
    torch.testing.assert_close(mixer(x, None), x * (1 - gate), atol=1e-12, rtol=0)
