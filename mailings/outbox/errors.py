"""What the outbox refuses, in a sentence for the operator."""


class Impossible(Exception):
    """The wish or decision cannot be carried out now; the text says why and what to do instead."""


class KeyTaken(Impossible):
    """The same key came with other options: nothing was stored."""
