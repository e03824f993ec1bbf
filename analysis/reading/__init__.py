"""From the ledger to Arrow tables, and from these to the arms of a comparison."""
