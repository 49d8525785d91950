"""The exercises that this project comes from, audited: a module for each part, with its statements as code that runs."""
