"""An axis of a search space: its key, its values, and its form in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from focus_core.config import Scalar
from focus_core.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One thing that varies.

    Attributes:
        key: a dotted config key, or ``variant``.
        distribution: the values of the axis.
        when: decides from the axes before this one whether this axis has an effect; None: always.
        tuned: whether the axis, such as a learning rate, is not part of the question. Every arm
            then gets its own best value, chosen on validation, before arms are compared.
    """

    key: str
    distribution: BaseDistribution
    when: Callable[[Mapping[str, Any]], bool] | None = None
    tuned: bool = False

    def __post_init__(self) -> None:
        """Refuse equal choices, because a point could not tell them apart."""
        named = getattr(self.distribution, "choices", ())
        twice = [value for i, value in enumerate(named) if value in named[:i]]
        if twice:
            raise UserError(
                f"axis {self.key!r} names {twice[0]!r} twice among {list(named)}: leave one out"
            )

    def active(self, point: Mapping[str, Any]) -> bool:
        """True if this axis varies at ``point``."""
        try:
            return self.when is None or self.when(point)
        except Exception as error:  # a user wrote ``when``
            raise UserError(
                f"axis {self.key!r}: its `when` raised {type(error).__name__}: {error} at a point "
                f"with {', '.join(point) or 'nothing'}; mend the space's file"
            ) from error

    def values(self) -> Sequence[Any]:
        """Every value, in order.

        Raises:
            UserError: the axis is continuous.
        """
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return list(choices)
            case IntDistribution(low=low, high=high, step=step):
                return range(low, high + 1, step)  # there may be too many values to list
            case FloatDistribution(low=low, high=high, step=float(step)):
                return _Steps(low, step, round((high - low) / step) + 1)
        raise UserError(
            f"axis {self.key!r} is continuous and has no grid: use the sampler tpe or random"
        )

    def has(self, value: Any) -> bool:
        """Whether ``value`` is one of its values."""
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return any(value == one and type(value) is type(one) for one in choices)
            case IntDistribution(low=low, high=high, step=step):
                return type(value) is int and value in range(low, high + 1, step)
            case FloatDistribution(low=low, high=high):
                is_number = type(value) in (int, float) and low <= value <= high
                return is_number and self.nearest(value) == value
        return False

    def nearest(self, value: Any) -> Any:
        """The axis' own value nearest to ``value``: a sampler rounds float steps differently."""
        match self.distribution:
            case FloatDistribution(low=low, step=float(step)):
                return self.values()[round((value - low) / step)]
        return value

    def describe(self) -> dict[str, Any]:
        """The axis as plain data, which the ledger stores and ``restored`` reads."""
        about = {"key": self.key, **({"tuned": True} if self.tuned else {})}
        match self.distribution:
            case CategoricalDistribution(choices=choices):
                return about | {"kind": "categorical", "choices": list(choices)}
            case IntDistribution(low=low, high=high, log=log, step=step):
                ends = {"kind": "int", "low": low, "high": high, "log": log}
                return about | ends | ({} if step == 1 else {"step": step})
            case FloatDistribution(low=low, high=high, log=log, step=step):
                ends = {"kind": "float", "low": low, "high": high, "log": log}
                return about | ends | ({} if step is None else {"step": step})
        raise TypeError(f"axis {self.key!r} has a distribution of an unknown kind")


@dataclass(frozen=True)
class _Steps(Sequence[float]):
    """Exact decimal steps: 0.3, not 0.1 + 0.2. There may be too many values to list."""

    low: float
    step: float
    length: int

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: Any) -> Any:
        if number not in range(self.length):  # this error ends an iteration
            raise IndexError(number)
        return float(Decimal(str(self.low)) + number * Decimal(str(self.step)))


def restored(about: Mapping[str, Any]) -> Axis:
    """The axis that ``Axis.describe`` described, without its ``when``."""
    return Axis(key=str(about["key"]), distribution=_distribution(about), tuned="tuned" in about)


def _distribution(about: Mapping[str, Any]) -> BaseDistribution:
    if about["kind"] == "categorical":
        return CategoricalDistribution(about["choices"])
    low, high, log = about["low"], about["high"], bool(about["log"])
    if about["kind"] == "int":
        return IntDistribution(low, high, log=log, step=about.get("step", 1))
    return FloatDistribution(low, high, log=log, step=about.get("step"))


def choices(
    key: str,
    *values: Scalar,
    when: Callable[[Mapping[str, Any]], bool] | None = None,
    tuned: bool = False,
) -> Axis:
    """An axis over the values given."""
    return Axis(key=key, distribution=CategoricalDistribution(values), when=when, tuned=tuned)
