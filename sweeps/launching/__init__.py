"""From a plan to a running sweep, and to its end."""
