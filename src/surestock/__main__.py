"""``python -m surestock`` is the command line."""

from surestock.cli.app import main

main()
