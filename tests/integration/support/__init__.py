"""What the integration tests stand on: real servers, a running tideway, a consumer that is not ours."""
