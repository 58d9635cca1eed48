"""The Robopipe surface under `/cameras`."""
