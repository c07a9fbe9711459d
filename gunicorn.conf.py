"""How gunicorn runs Mailroom unless its command line or GUNICORN_CMD_ARGS says otherwise."""

workers = 2
worker_class = "gthread"
threads = 8
# A page never waits for the provider; what takes longer than this is stuck.
timeout = 30
# No control socket: two instances on one machine would fight over its one default path.
control_socket_disable = True
