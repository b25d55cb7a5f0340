"""What ``surestock verify`` printed as its table."""


def table_of(printed: str) -> dict[str, str]:
    """Return the numbers of a table by their names."""
    rows = [line.strip("│ ").split("│") for line in printed.splitlines() if "│" in line]
    return {name.strip(): number.strip() for name, number in rows}
