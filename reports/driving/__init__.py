"""What drives an audit: the request, its tasks, the pytest session, workers and their watchdog."""
