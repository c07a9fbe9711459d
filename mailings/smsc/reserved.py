"""The parameters of the calls themselves: the client sets them, and among the options they are an error.

Given by a caller they could change what a request means. The provider's page: "login" to "fmt" in the table
of parameters, the names of its calls, and those of the calls on one mailing list.
"""

LOGIN = ("login", "psw", "apikey")
CALLS = ("add", "del", "cancel", "get", "get_all")
RESERVED = frozenset({*LOGIN, *CALLS, "charset", "cost", "fmt", "id", "start", "end"})
