"""The forms of a report: page, report.md, LaTeX, CSV and JSON, all made from the same cards."""
