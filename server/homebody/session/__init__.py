"""State that changes while a user works, whatever client they use."""
