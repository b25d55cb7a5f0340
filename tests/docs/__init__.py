"""The documents are true: their examples are run, their names exist, their tables are compared."""
