"""Running many trials: launch, ledger, study, workers, tracking."""
