"""What the platform's refusals mean, by their status and the last word of their problem type.

Only some types are described. ``product-not-found`` and ``product-item-not-available`` are what
instances answer; the words for a refused payment come from a site's hooks, so they are a setting.
https://developer.salesforce.com/docs/commerce/commerce-api/guide/error-response-codes.html
"""

import re
from http import HTTPStatus

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    ItemNotFound,
    PaymentDeclined,
    RateLimited,
    Unavailable,
)
from surestock.commerce.providers.salesforce.shapes import Problem
from surestock.commerce.reply import Reply

QUOTA_EXCEEDED = "customer-baskets-quota-exceeded"
_GONE = {"basket-not-found", "basket-expired", "invalid-customer"}
_NOT_SOLD = {"product-not-found", "product-item-not-found", "invalid-product-id"}
_TOO_FEW = {"product-item-not-available", "product-not-available", "inventory-not-available"}
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,11}")
_LONGEST_SLUG = 64


def problem_of(reply: Reply) -> Problem:
    """Return what a refusal says of itself; an empty problem when it says nothing readable."""
    try:
        return reply.decode(Problem)
    except BadAnswer:
        return Problem()


def refusal(reply: Reply, declined: tuple[str, ...] = (), sku: str | None = None) -> CommerceError:
    """Return the error that an answer without success stands for.

    ``declined`` are the words for a refused payment; ``sku`` is what was asked about, for answers
    that name none. A status of 500 and more becomes ``Unavailable``: what it means for an order
    only its caller knows.
    """
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(reply.retry_after_s)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(f"The commerce platform answered {reply.status}.", reply.retry_after_s)
    if reply.status < HTTPStatus.BAD_REQUEST:
        return BadAnswer(f"The commerce platform answered {reply.status}.")
    return _meaning(problem_of(reply), reply.status, declined, sku)


def _meaning(
    problem: Problem, status: int, declined: tuple[str, ...], sku: str | None
) -> CommerceError:
    slug = problem.slug
    named = problem.product_id or ""
    about = named if _SKU.fullmatch(named) else sku
    if slug in _GONE:
        return CartExpired("The commerce platform does not know the cart any more.")
    if slug in declined:
        return PaymentDeclined("The commerce platform refused the payment.")
    if about is not None and slug in _NOT_SOLD:
        return ItemNotFound(about)
    if about is not None and slug in _TOO_FEW:
        return InsufficientStock(about)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Unavailable("The commerce platform does not let us in.")
    word = slug if len(slug) <= _LONGEST_SLUG and _SLUG.fullmatch(slug) else str(status)
    return Conflict(f"The commerce platform refused: {word}.")
