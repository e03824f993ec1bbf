"""The rules of the audit: one file is one place where the law could be broken."""
