"""What a test adds to this project, as CONTRIBUTING says: see ``tests/test_adding.py``."""
