"""The only record of a sweep: the ledger's tables, who writes them, and who reads them."""
