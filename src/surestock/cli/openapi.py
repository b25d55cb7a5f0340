"""``surestock openapi``: print the contract."""

import typer


def openapi() -> None:
    """Print the OpenAPI document as YAML."""
    from surestock.api.app import Surestock  # noqa: PLC0415
    from surestock.api.yaml import to_yaml  # noqa: PLC0415 - help must be quick

    typer.echo(to_yaml(Surestock(None).openapi()), nl=False)
