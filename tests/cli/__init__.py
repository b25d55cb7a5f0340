"""The command line: what it says, where it says it, and its exit codes."""
