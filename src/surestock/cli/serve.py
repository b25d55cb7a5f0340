"""``surestock serve``: run the service."""

import typer


def serve() -> None:
    """Serve the API. Its settings are environment variables: PORT, HOST, ENGINE, DATA_DIR, …."""
    from surestock.runtime.serve import serve as run  # noqa: PLC0415 - help must be quick

    raise typer.Exit(run())
