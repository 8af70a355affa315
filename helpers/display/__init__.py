"""Tables, figures and what each notebook page does in the same way."""
