"""A run's life: host, workers, control commands, merged statistics, thresholds, verdict, record."""
