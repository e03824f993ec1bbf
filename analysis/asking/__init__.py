"""Questions about arms in words: asked once (``--ask``), or kept in a file (``--check``)."""
