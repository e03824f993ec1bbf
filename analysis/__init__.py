"""Reading the ledger: numbers, pictures, pages. Never ray, never mlflow."""
