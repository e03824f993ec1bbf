"""The options of a trial: how one is declared, read from words and checked, and those all share."""
