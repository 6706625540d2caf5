"""Duplicates as others read them: people, GitHub, GitLab, code scanners, other programs.

Every format is a module that turns a ``DuplicateReport`` into text or into a document for
``protocol.encode``; ``words`` holds what they all say, ``compare`` what the two functions of a
finding have on their lines. Nothing here looks for duplicates or writes anywhere.
"""
