"""The registry, and the roles: one module or one package each, with properties and error bounds."""
