"""Support for integration tests: real servers, a running tideway, and an independent consumer."""
