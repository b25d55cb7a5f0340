"""The launch day: its audit has teeth, its buyers are honest, and its wire loses what it says."""
