"""Sweeps of other tools, read into the ledger: one file a tool, each gives ``found.Found``.

What a source does not say is left unknown; nothing is guessed.
"""
