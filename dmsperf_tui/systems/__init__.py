"""What is put under load: flows, API clients and set-up of each kind of system."""
