"""Which code, sources and machine made a sweep's numbers."""
