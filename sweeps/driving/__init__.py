"""The driver of a sweep: it hands out trials, takes reports, and stops."""
