"""Real servers for tests: PostgreSQL and Node projects, each in processes of its own.

A proof against a program that others wrote is worth more than one against a copy of it that we
wrote. Where a machine has not what such a server needs, the tests are skipped by name.
"""
