"""Code search that answers questions in plain words with the functions that do it."""

__version__ = "0.1.0"
