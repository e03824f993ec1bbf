"""Questions about arms, in words: one question (``--ask``) or a file of claims (``--check``)."""
