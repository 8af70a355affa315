"""Other hospitals' files in: read any of their containers, propose what each column is, apply what a person confirmed."""
