"""Tables of patients: what they may hold, how they are read and cleaned, what is derived from them."""
