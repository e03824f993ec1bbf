"""The network, the one training loop, and what a seed of a trial is."""
