"""Many operations in one request: rows to commands, outcomes to rows, and the endless form."""
