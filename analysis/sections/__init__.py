"""The sections of a report, one file each: a function ``card(findings)`` that returns a card."""
