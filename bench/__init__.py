"""Measuring speed and size: `python -m bench`, or `make bench`."""
