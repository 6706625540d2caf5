"""The resident server: answers of a process that stays, for command lines that come and go.

``client`` asks, ``serve`` answers, ``place`` knows where they meet, ``wire`` what they say. A
server that is not there, is of another version, or would have to update the index first is
no failure: whoever asks does it himself, with the same answer. Nothing is imported here: a
command line that finds a server must cost little more than Python itself.
"""
