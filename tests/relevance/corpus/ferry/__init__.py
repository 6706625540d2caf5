"""Ferry carries documents between systems: it fetches, schedules, renders and stores them."""

__version__ = "2.4.0"
