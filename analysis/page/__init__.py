"""The forms of a report, all from the same cards: the page, report.md, LaTeX, CSV, JSON."""
