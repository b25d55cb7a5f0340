"""The rules of each command about the catalog, a cart or a checkout, one file a family."""
