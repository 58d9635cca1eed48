"""The web console at `/`: a page of this package that uses the surfaces as any client does."""
