"""Pure functions on arrays: intervals, tests, importances. Nothing here knows a sweep."""
