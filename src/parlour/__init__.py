"""Parlour puts any chatbot behind links its owner controls."""

from importlib.metadata import version

__version__ = version("parlour")
