"""`celery` without the libraries of its AMQP shell, which would take 5 MB in each worker and in beat."""

import sys
from importlib import import_module
from types import ModuleType


def main() -> None:
    """Celery's own command line, with something in place of the shell that its command `amqp` imports."""
    shell = ModuleType("click_repl")
    vars(shell)["register_repl"] = lambda _group: None
    sys.modules["click_repl"] = shell
    import_module("celery.__main__").main()


if __name__ == "__main__":
    main()
