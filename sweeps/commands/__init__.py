"""What every command shares: its line, its errors, its settings."""
