"""Filters with poles of their own at every token (``filter="coupled"``)."""
