"""Which parameters have weight decay, and which have their own learning rate."""

from __future__ import annotations

from typing import Any

from torch import nn

from focus_core.options.train import TrainConfig


def parameter_groups(net: nn.Module, train: TrainConfig) -> list[dict[str, Any]]:
    """Groups for AdamW: the weights of linear layers decay, other parameters do not.

    A module may override this for its own parameters. Its ``rates`` maps a parameter's name to the
    field of ``train`` with that parameter's learning rate; such a parameter does not decay.
    ``decays`` = False exempts a linear layer's weights from weight decay.
    """
    by_rate: dict[tuple[str, bool], list[nn.Parameter]] = {
        ("learning_rate", True): [],
        ("learning_rate", False): [],
    }
    done: set[int] = set()
    for module in net.modules():
        rates: dict[str, str] = getattr(module, "rates", {})
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in done:  # a tied head shares the embedding's weights
                continue
            done.add(id(parameter))
            rate = rates.get(name, "learning_rate")
            decays = name == "weight" and name not in rates and _decays(module)
            by_rate.setdefault((rate, decays), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": getattr(train, rate),
            "weight_decay": train.weight_decay if decays else 0.0,
        }
        for (rate, decays), parameters in by_rate.items()
        if parameters
    ]


def _decays(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) and bool(getattr(module, "decays", True))
