"""How the coefficients are written, realised and scaled.

Sigmoid coefficients reach no low-pass; lattices, triangles and polar pairs reach every stable
filter of order 2. Louder responses alone may help, so three ways to scale them stand beside.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms(
    "Does it matter how the filters' coefficients are written and scaled?",
    FAMILIES["parameterisation"],
)
