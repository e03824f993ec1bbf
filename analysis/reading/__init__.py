"""From the ledger to Arrow tables, and from these to the study that a report is about."""
