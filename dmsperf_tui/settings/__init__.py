"""Environment, profile, scenario and flags -> one frozen configuration. Secrets live here."""
