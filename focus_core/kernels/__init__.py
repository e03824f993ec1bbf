"""The loops over time that filters need: numbers in, numbers out. ``choice`` says who runs them."""
