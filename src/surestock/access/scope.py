"""What a key may be allowed to do. Each scope stands alone: to write is not to read."""

from enum import StrEnum


class Scope(StrEnum):
    """One kind of access."""

    INVENTORY_READ = "inventory:read"
    INVENTORY_WRITE = "inventory:write"
    CART_READ = "cart:read"
    CART_WRITE = "cart:write"
    OPS_READ = "ops:read"
    OPS_ADMIN = "ops:admin"
