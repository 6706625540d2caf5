"""Google's Gemini API, through google-genai: the connection, embeddings, jobs, answers in words.

This room owns the library, and turns all that it raises into the project's errors. It knows no
index; keys come from the environment and go nowhere but into the library.
"""

from codesearch.gemini.client import Connection

__all__ = ["Connection"]
