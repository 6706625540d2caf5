"""Training: makes the weights of the embedded model, one command a stage.

Development code: nothing in ``codesearch`` imports it. Every stage is
``python -m training.STAGE --work DIR``, can be killed and run again, and gives the same for
the same packages.
"""
