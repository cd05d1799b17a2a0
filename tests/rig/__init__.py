"""What tests are played on: servers, a model, a browser, a cast, oracles that always hold."""
