"""Parameters that only the client may set; as an option of a mailing each of them is an error.

As options they could turn a request into another one. They are the provider's credentials, charset and format
("Calls" in docs/provider.md), the names of the calls of jobs.php, and the parameters of those calls.
"""

LOGIN = ("login", "psw", "apikey")
CALLS = ("add", "del", "cancel", "get", "get_all")
RESERVED = frozenset({*LOGIN, *CALLS, "charset", "cost", "fmt", "id", "start", "end"})
