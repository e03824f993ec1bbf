"""Which sources run: the commit, and a patch from it to the files that are there."""
