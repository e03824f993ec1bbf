"""What people see of a running sweep: the terminal and MLflow."""
