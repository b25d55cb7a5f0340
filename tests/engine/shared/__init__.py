"""What several processes on one log add to the contract: deaths, turns, and one view for all."""
