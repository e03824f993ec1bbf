"""Read sweeps of other tools into the ledger: one file per tool, each returns ``found.Found``.

What a source does not say stays unknown. There are two exceptions: axes are inferred from values
(``axes``), and a Ray Tune trial that ended early counts as pruned (``from_ray``).
"""
