"""The engines: each implements ``surestock.inventory.port.Engine`` in its own way."""
