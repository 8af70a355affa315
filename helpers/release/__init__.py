"""What may leave the hospital: numbers made coarse, attacked by ourselves, and written to files that hold nothing else."""
