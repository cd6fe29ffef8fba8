"""A GitHub for tests: its published OpenAPI as the contract, and a server that stores what it is given."""
