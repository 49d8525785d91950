"""Every rendering of a record: HTML, Markdown, plots, scripts, explanations."""
