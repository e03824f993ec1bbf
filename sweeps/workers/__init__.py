"""One trial in one process, and the runners that place trials: inline, or Ray."""
