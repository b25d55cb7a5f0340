"""The engines: each implements ``surestock.ledger.port.Engine`` in its own way."""
