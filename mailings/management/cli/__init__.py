"""The command line of the contract, `manage.py mailings <verb>`: what comes in, and the verbs."""
