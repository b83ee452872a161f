"""The server and its page: projects that it holds open, batches, the wire.

Enter through `server.serve`. Routes and page ask `projects` for a project, which is one of `local_projects` or of
`visitor_projects`, those over `open_projects`, `members`, `quotas` and `sweeper`. May import every other wing but the
command line; inside, `page` and `routes` stand above all else, and `sharing` imports nothing of either.
"""
