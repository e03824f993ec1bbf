"""How the coefficients are written, realised and scaled.

Sigmoid coefficients reach no low-pass. The lattice and the triangle reach every stable filter of
order 2; polar is one complex pole pair. Louder responses alone may help, so arms with three ways to
scale the responses are included.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms(
    "Does it matter how the filters' coefficients are written and scaled?",
    FAMILIES["parameterisation"],
)
