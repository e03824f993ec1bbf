"""Numbers and pictures of a trained network's filters."""
