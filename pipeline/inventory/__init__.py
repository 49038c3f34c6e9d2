"""What is kept from run to run: identities, corrections, changes, the state of a region."""
