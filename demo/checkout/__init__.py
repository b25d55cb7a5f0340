"""A launch day: more carts than devices, a platform that loses answers, and a service that dies.

64 clients buy scarce devices through a commerce platform. Of the answers to payments a seeded share
is lost after the payment was taken, and the service is killed twice. Afterwards four books are held
against each other: what the clients were told, what the service has on record, what the platform
was paid for, and what is left on the shelf.
"""
