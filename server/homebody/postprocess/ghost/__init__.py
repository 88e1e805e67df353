"""Ghost text: what the completion model wrote, trimmed to what is worth showing at the cursor."""
