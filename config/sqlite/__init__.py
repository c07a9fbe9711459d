"""Django's SQLite with one writer at a time in a process (the engine of DATABASES)."""
