"""What the outbox refuses, in a sentence for the operator."""


class Impossible(Exception):
    """The wish or decision cannot be carried out now; the text says why and what to do instead."""


class KeyTaken(Impossible):
    """The same key came with other options: nothing was stored."""


class Elsewhere(Impossible):
    """The draft was saved by another page since this one was opened: nothing was put over it."""


class Overtaken(Elsewhere):
    """The page itself has saved what was typed later: nothing was put over it."""
