"""The platforms that the demo can sell through, and what each has to bring along."""
