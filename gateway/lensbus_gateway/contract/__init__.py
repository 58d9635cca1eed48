"""What the gateway answers, as documents that programs read: OpenAPI and AsyncAPI."""
