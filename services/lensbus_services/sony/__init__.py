"""Sony cameras through the Camera Remote SDK."""
