"""What drives an audit: the request, its tasks, the pytest session, its workers."""
