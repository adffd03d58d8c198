"""The language that is spoken and where its lines break."""
