"""What a person is here, and what a roster says (领域): pure, without clock, file or database."""
