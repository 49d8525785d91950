"""What the commands do: audit, proofs by exhaustion, onset, trap and claims."""
