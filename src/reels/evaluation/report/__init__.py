"""The report of an evaluation: tables for the terminal and for Markdown, plots, one HTML page."""
