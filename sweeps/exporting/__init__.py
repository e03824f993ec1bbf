"""A trained network as a folder for other programs: which one, its card, its files."""
