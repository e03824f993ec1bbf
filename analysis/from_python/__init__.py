"""A sweep in a script or a notebook: its numbers as frames, its figures in your own ``Axes``."""
