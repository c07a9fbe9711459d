"""The command line, `manage.py mailings <verb>` (docs/contract.md): reading its input, and the verbs."""
