"""The published numbers, the relations among them, and the audit of both."""
