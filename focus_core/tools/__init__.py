"""Tools that commands use on a network; training never uses them."""
