"""The record of an audit as plain data, its schema, and its findings as lines of text."""
