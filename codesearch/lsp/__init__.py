"""codesearch in editors: a language server that answers about all folders of a window.

``features`` and ``ours`` take what clients say, ``server`` knows what goes on, ``workspace`` which
repository a file is in, ``repository`` answers for one of them, ``looks`` looks for duplicates in
it, ``keeper`` has its index kept up to date, by a process that ``job`` starts.
``requests``, ``documents``, ``symbols`` and ``findings`` turn what editors say and show into the
words of the other rooms; ``words`` speaks the user's language.

What an editor has not saved is searched as it stands there. The server itself stays small: the
store's library is loaded in the process that updates an index, and goes with it.
"""
