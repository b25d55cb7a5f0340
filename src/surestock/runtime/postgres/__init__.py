"""What a process with ENGINE=postgres is made of. Nobody else pays for the database's driver."""
