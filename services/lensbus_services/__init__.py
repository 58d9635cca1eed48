"""Camera workers: one process owns one camera and its SDK handle."""
