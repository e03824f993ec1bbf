"""The network, the one training loop, and the replicate: one seed of a trial."""
