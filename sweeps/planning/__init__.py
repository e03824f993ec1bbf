"""From a command line to a checked plan. Nothing is written here."""
