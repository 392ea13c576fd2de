"""A finished record -> JSON, text; and the one reader of results folders."""
