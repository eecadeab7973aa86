"""How others reach licences: people and offices, wallets, and whoever verifies them."""
