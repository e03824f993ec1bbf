"""From the ledger to Arrow tables, and from the tables to the study of a report."""
