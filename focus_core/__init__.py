"""The model under study, its rivals, its tasks and the one training loop."""
