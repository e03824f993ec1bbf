"""The rules of the audit: each file checks one place where the records could break a rule."""
