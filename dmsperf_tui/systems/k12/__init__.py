"""A K-12 learning platform: who logs in, what they do, and what is known of it before a run."""
