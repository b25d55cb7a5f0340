"""What every commerce platform must do, as checks that any provider can be run against.

Whoever writes a provider brings a :class:`~surestock.commerce.conformance.lab.Lab`: the provider,
a platform behind it with a few articles, and the means to make it misbehave. Then, with pytest and
its ``anyio`` plugin::

    import pytest
    from surestock.commerce.conformance.suite import CHECKS
    from surestock.commerce.conformance.verdict import NotApplicable


    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    async def test_the_platform_conforms(check, lab):
        try:
            await check(lab)
        except NotApplicable as reason:
            pytest.skip(str(reason))

A check is a coroutine function that raises
:class:`~surestock.commerce.conformance.verdict.Deviates` with a sentence. It needs no other check
to have run, and leaves only carts and orders of its own, so all of them may share one lab.
"""
