"""What the commands do: onset, trap, claims, and proofs by exhaustion."""
