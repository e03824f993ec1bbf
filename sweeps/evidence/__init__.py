"""Which numbers are suspect, and which trial may be called best."""
