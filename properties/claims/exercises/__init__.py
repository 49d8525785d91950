"""The exercises as data: a module for each part, its statements as code that runs."""
