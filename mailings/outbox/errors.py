"""Refusals of the outbox; the text of each is a sentence for the operator."""


class Impossible(Exception):
    """What was asked cannot be done now; the text says why, and what to do instead."""


class KeyTaken(Impossible):
    """The key was used before, with other options. Nothing was stored."""


class Elsewhere(Impossible):
    """Another page has saved the draft since this one was opened. Nothing was overwritten."""


class Overtaken(Elsewhere):
    """A later save of the same page arrived first. Nothing was overwritten."""
