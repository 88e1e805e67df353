"""Ghost text: the completion model's answer, trimmed to the text that is shown at the cursor."""
