"""The class's page: standings by alias, read from the class database. It writes nothing and runs no student code."""
