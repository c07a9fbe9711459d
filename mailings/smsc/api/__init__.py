"""How it is asked: the client, its transport, and the reading of answers."""
