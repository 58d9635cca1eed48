"""Who may do what: tokens and their scopes, names of this server, pages of other origins.

`decide` and `screen` are pure and say yes or no; `guard` asks them for every request; `keeper`
knows the tokens; `table` has the scope of every path. docs/access.md tells it from outside.
"""
