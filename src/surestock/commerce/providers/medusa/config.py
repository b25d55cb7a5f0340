"""What has to be known of a Medusa shop. What it tells by itself may be left out."""

from msgspec import Struct

from surestock.commerce.http import HttpConfig
from surestock.commerce.port import Address, Customer


class MedusaConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the configuration file.

    ``publishable_key`` opens the Store API for the sales channels it is for. ``secret_key`` opens
    the Admin API, where orders are found by reading only; without one, see ``find_order``.

    ``regions`` is a region's id for each currency (``{"EUR": "reg_…"}``), ``variants`` a variant's
    id for each SKU, ``shipping_option`` the id of one. What is not named is asked for: the first
    region of the currency, the variant with that SKU, the cheapest option.

    ``payment_provider`` is for orders that name no method. ``customer`` and ``address`` are for
    orders without them.

    ``settles_s`` is the longest that a completion may go on unseen. Medusa's own lock on a cart
    ends after two minutes, and others wait half a minute for it.
    """

    http: HttpConfig
    publishable_key: str
    secret_key: str | None = None
    regions: dict[str, str] = {}
    variants: dict[str, str] = {}
    shipping_option: str | None = None
    payment_provider: str = "pp_system_default"
    customer: Customer | None = None
    address: Address | None = None
    settles_s: float | None = 180.0

    def __repr__(self) -> str:
        return f"MedusaConfig(base_url={self.http.base_url!r})"
