"""Which change follows from the last ones, without a model. Pure."""
