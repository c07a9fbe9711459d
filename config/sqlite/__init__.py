"""A database engine: Django's SQLite, with one writing thread at a time in a process."""
