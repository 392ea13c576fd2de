"""The bench of truth: servers whose latencies are known in closed form, and what the tool says of them."""
