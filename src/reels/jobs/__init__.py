"""Offline jobs, one a file."""
