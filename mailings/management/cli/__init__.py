"""The command line, `manage.py mailings <verb>` (docs/contract.md): what comes in, and the verbs."""
