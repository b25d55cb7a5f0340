"""Ways to spoil a database: a statement, and what its audit says of it."""

DAMAGE = {
    "a level": (
        "UPDATE surestock.levels SET on_hand = on_hand + 1 WHERE sku = 'bread'",
        "levels: it holds Level(store_id='s1', sku='bread'",
    ),
    "a level's time": (
        (
            "UPDATE surestock.levels SET updated_at = updated_at + interval '1 microsecond' "
            "WHERE sku = 'bread'"
        ),
        "levels: it holds Level(store_id='s1', sku='bread'",
    ),
    "a lost level": (
        "DELETE FROM surestock.levels WHERE sku = 'bread'",
        "levels: it holds 2 rows, the records amount to 3",
    ),
    "a level of nothing": (
        "INSERT INTO surestock.levels VALUES ('s9', 'x', 1, 0, 1, now())",
        "the records amount to None",
    ),
    "a lost version": (
        "DELETE FROM surestock.versions WHERE sku = 'bread' AND version = 3",
        "versions: those of SKU bread in store s1 are not what its records tell",
    ),
    "two versions exchanged": (
        "UPDATE surestock.versions SET sequence = 1000 - sequence WHERE sku = 'bread'",
        "versions: those of SKU bread in store s1 are not what its records tell",
    ),
    "a lost hold": (
        "DELETE FROM surestock.holds",
        "holds: it holds 0 rows, the records amount to 1",
    ),
    "a hold that ends later": (
        "UPDATE surestock.holds SET expires_at = expires_at + interval '1 day'",
        "holds: no active reservation has",
    ),
    "a reservation that ended otherwise": (
        (
            "UPDATE surestock.reservations SET body = replace(body, 'committed\"', 'released\"') "
            "WHERE id = (SELECT min(id) FROM surestock.reservations WHERE body LIKE '%committed%')"
        ),
        "reservations: one that has had its end is not as its record left it",
    ),
    "an active reservation": (
        (
            "UPDATE surestock.reservations SET body = replace(body, '\"qty\":2', '\"qty\":1') "
            "WHERE body LIKE '%for good%'"
        ),
        "reservations: it holds Reservation(",
    ),
    "a lost reservation": (
        "DELETE FROM surestock.reservations WHERE body LIKE '%for good%'",
        "reservations: it holds 13 rows, the records amount to 14",
    ),
    "a reservation that cannot be read": (
        "UPDATE surestock.reservations SET body = '{' WHERE body LIKE '%for good%'",
        "reservations: a row does not decode",
    ),
    "a cart": (
        "UPDATE surestock.documents SET body = replace(body, '199', '1')",
        "documents: ('#",
    ),
    "a lost key": (
        "DELETE FROM surestock.answers WHERE sequence = 5",
        "is missing, which record 5 answered",
    ),
    "a key that another record answers": (
        "UPDATE surestock.answers SET sequence = 6 WHERE sequence = 5",
        "answers: record 6 does not answer",
    ),
    "a key that no record answers": (
        "UPDATE surestock.answers SET sequence = 600 WHERE sequence = 5",
        "names record 600: none",
    ),
    "the central view": (
        "UPDATE surestock.central SET reserved = 0 WHERE sku = 'apple'",
        "central: it holds Level(store_id='s1', sku='apple'",
    ),
    "a lost SKU of the central view": (
        "DELETE FROM surestock.central WHERE sku = 'bread'",
        "central: it holds 2 levels, the records 3",
    ),
    "a central view that is ahead": (
        "UPDATE surestock.central_head SET sequence = 1000",
        "central: it says to be at record 1000, and the last one is",
    ),
    "a central view that says to be behind": (
        "UPDATE surestock.central_head SET sequence = 20",
        "central: it holds Level(",
    ),
}
"""In tables that follow from the records."""

RECORDS = {
    "a lost record": (
        "DELETE FROM surestock.records WHERE sequence = 9",
        "record 9: it is missing: record 10 follows",
    ),
    "a lost end": (
        "DELETE FROM surestock.records WHERE sequence > 45",
        "record 46: the head says 48, and the records end with 45",
    ),
    "a record that cannot be read": (
        "UPDATE surestock.records SET body = left(body, 20) WHERE sequence = 9",
        "record 9: it does not decode",
    ),
    "a record under another id": (
        "UPDATE surestock.records SET id = 'other-1' WHERE sequence = 9",
        "record 9: it says to be 9",
    ),
    "a quantity": (
        (
            "UPDATE surestock.records SET body = replace(body, '\"delta\":-1', '\"delta\":-2') "
            "WHERE body LIKE '%\"delta\":-1%'"
        ),
        "its events",
    ),
    "a record in another place": (
        "UPDATE surestock.records SET sequence = -1 WHERE sequence = 9",
        "record 1: it is missing: record -1 follows",
    ),
    "no head": ("DELETE FROM surestock.head", "there is no head"),
}
"""In the records themselves, or their head."""
