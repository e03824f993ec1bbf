"""What this machine is asked for: its files, its processes, a temporary folder."""
