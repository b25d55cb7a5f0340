"""The services that Surestock is compared with, each written the way a good textbook would.

``nothing`` is the floor: what typed FastAPI costs when it does no work at all. ``postgres`` and
``sqlite`` do the same reserve as Surestock, as one transaction a request. All speak the same
contract, so that one load script serves all.
"""
