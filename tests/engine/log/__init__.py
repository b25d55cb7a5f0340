"""What the log engine adds to the contract of every engine: group commit, and a disk that fails."""
