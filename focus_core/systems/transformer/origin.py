"""The origins of the Transformers."""

from __future__ import annotations

from dataclasses import replace

from focus_core.systems.origin import OURS

FLASH = replace(OURS, source="Dao et al. 2022, one function with transformer")
TRANSFORMER = replace(OURS, source="Vaswani et al. 2017, with rotary positions")
GPT2 = replace(
    OURS,
    start=f"{OURS.start}; residual share published",
    frame="published: learned positions, GELU, tied head",
    source="Radford et al. 2019; karpathy/nanoGPT, model.py",
)
