"""The load engine: virtual users, HTTP client, recorder, worker. Knows no Ed-Fi, no files, no screen."""
