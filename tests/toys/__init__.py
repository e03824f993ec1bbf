"""A system and a task that are registered by a test, as CONTRIBUTING says."""
