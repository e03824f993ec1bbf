"""What commands do with a network; never part of a training."""
