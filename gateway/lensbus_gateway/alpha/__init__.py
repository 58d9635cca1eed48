"""The Alpha Camera REST surface under `/api`."""
