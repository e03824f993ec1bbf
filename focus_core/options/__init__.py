"""Declares, reads and checks the options of a trial, and has the options that all trials share."""
