"""What is passed on, frozen: signatures, cases, findings with their witnesses."""
