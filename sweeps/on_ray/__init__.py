"""Carrying trials out on Ray Tune: where they run, and what guards them there."""
