"""A commerce platform in a process of its own, and the package that brings its provider along.

It outlives every ``kill -9`` of the service, so it can tell afterwards how often each attempt was
ordered. It takes every order that it is asked for, also a second one of the same attempt: nothing
but the service itself keeps a cart from being bought twice. The provider comes as others' would: as
an installed distribution with an entry point, of which Surestock knows nothing. In a test::

    def test_something(make_server: Fleet, stand_in: StandIn) -> None:
        server = make_server(settings=stand_in.settings)
        server.start()
        asyncio.run(stand_in.behave(Behaviour("hang")))  # or "refuse", "fail", "well"
        asyncio.run(stand_in.behave(Behaviour(outcomes=("lose", "late", "well"), late_s=0.5)))
        books = asyncio.run(stand_in.books())
        assert all(len(orders) == 1 for orders in books.orders.values())

``outcomes`` are those of placed orders, one after the other, and from the start again. The fixture
is in ``tests/proof/conftest.py``; ``StandIn(folder, settles_s=…)`` makes one that is set otherwise.
"""
