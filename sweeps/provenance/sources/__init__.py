"""Record which sources run: the commit, and a patch from the commit to the present files."""
