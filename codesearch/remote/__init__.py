"""What leaves the machine: at which price and pace, who agreed, what is never sent.

For all services that are paid for or far away. A service (see ``Service``) says how its texts
look and sends a batch; this room decides when, how many at a time, and what after a failure. It
knows no index and no terminal.
"""

from codesearch.remote.account import Account
from codesearch.remote.base import Answer, Busy, Fleeting, NotFound, Role, Service, Stopped, Unfit
from codesearch.remote.delivery import Delivery, unit_vectors
from codesearch.remote.pace import Pace
from codesearch.remote.prices import Price, price_of
from codesearch.remote.secrets import Redactor
from codesearch.remote.vault import Job, Vault, vault_in

__all__ = [
    "Account",
    "Answer",
    "Busy",
    "Delivery",
    "Fleeting",
    "Job",
    "NotFound",
    "Pace",
    "Price",
    "Redactor",
    "Role",
    "Service",
    "Stopped",
    "Unfit",
    "Vault",
    "price_of",
    "unit_vectors",
    "vault_in",
]
